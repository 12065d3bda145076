package forge
import "net/http"
func newGitHub(at *Access, client *http.Client) (Forge, error) { return &gitLab{client, at}, nil }
