package fixes

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed data/images.json
var imagesJSON []byte

// imageTable is what is known of images by their names.
type imageTable struct {
	Bash struct {
		Namespaces []string // of whose images all have bash
		Images     []string // names, without tag, of which all variants have it
		Families   []string // of official images, whose default variants have it; copies under other names included
	}
	NoBash struct {
		Tags   []string // parts of a tag that say otherwise
		Images []string // names, without tag
	}
	NoUnzip []string // names of official images that have none; nor have their slim variants
	AWSCLI  []string // names, without tag, of images that run the AWS CLI, on Amazon Linux, which has bash
}

var images = sync.OnceValue(func() *imageTable {
	return embedded[imageTable]("images.json", imagesJSON)
})

// hasBash reports whether an image has bash, by its name. known is false when the table cannot tell.
func hasBash(image string) (has, known bool) {
	t := images()
	name, tag := splitImage(image)
	if slices.Contains(t.Bash.Images, name) {
		return true, true
	}
	if slices.ContainsFunc(t.NoBash.Tags, func(part string) bool { return strings.Contains(tag, part) }) {
		return false, true
	}
	if slices.Contains(t.NoBash.Images, name) {
		return false, true
	}
	if slices.Contains(t.AWSCLI, name) {
		return true, true
	}
	parts := strings.Split(name, "/")
	if len(parts) > 1 && slices.Contains(t.Bash.Namespaces, parts[len(parts)-2]) {
		return true, true
	}
	words := strings.FieldsFunc(parts[len(parts)-1], func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(t.Bash.Families, w) }) {
		return true, true
	}
	return false, false
}

// splitImage takes the tag and the digest off an image's name.
func splitImage(image string) (name, tag string) {
	name, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		return name[:i], name[i+1:]
	}
	return name, ""
}
