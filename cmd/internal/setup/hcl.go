package setup

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// hclAttribute takes a line apart whose value ends on it: a name or a quoted key, and the value.
var hclAttribute = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\w+|"(?:[^"\\]|\\.)*") = (.*[^\[{])$`)
})

// formatHCL lays a file out as terraform fmt does: what follows a line that ends in an opening bracket is indented, up to
// one that begins with a closing bracket, and the equals signs of neighbouring lines stand below each other.
func formatHCL(text string) string {
	var out strings.Builder
	depth := 0
	var run [][]string // attributes that are not written yet
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if attribute := hclAttribute().FindStringSubmatch(line); attribute != nil {
			run = append(run, attribute[1:])
			continue
		}
		alignHCL(&out, depth, run)
		run = nil
		if strings.HasPrefix(line, "}") || strings.HasPrefix(line, "]") {
			depth--
		}
		if line != "" {
			indentHCL(&out, depth)
		}
		out.WriteString(line + "\n")
		if !strings.HasPrefix(line, "#") && (strings.HasSuffix(line, "{") || strings.HasSuffix(line, "[")) {
			depth++
		}
	}
	alignHCL(&out, depth, run)
	return out.String()
}

// alignHCL writes attributes, each a name and a value.
func alignHCL(out *strings.Builder, depth int, attributes [][]string) {
	width := 0
	for _, x := range attributes {
		width = max(width, utf8.RuneCountInString(x[0]))
	}
	for _, x := range attributes {
		indentHCL(out, depth)
		fmt.Fprintf(out, "%-*s = %s\n", width, x[0], x[1])
	}
}

func indentHCL(out *strings.Builder, depth int) { out.WriteString(strings.Repeat("  ", depth)) }

// quote is text as a string of HCL, in which nothing is expanded.
func quote(text string) string { return `"` + escape(text) + `"` }

// escape is text inside of a string of HCL.
func escape(text string) string {
	text = hclEscapes.Replace(text)
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 1<<16:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

var hclEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{")
