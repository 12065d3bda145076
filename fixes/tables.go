package fixes

import "encoding/json"

// embedded decodes a file of fixes/data. One that cannot be decoded is our bug: every table is read by a test.
func embedded[T any](name string, data []byte) *T {
	t := new(T)
	if err := json.Unmarshal(data, t); err != nil {
		panic("data/" + name + ": " + err.Error())
	}
	return t
}
