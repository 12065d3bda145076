package report

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// browser is a Chromium without a window, which is told what to do through a pair of pipes.
type browser struct {
	t       *testing.T
	to      io.Writer
	from    *bufio.Reader
	id      int
	session string
}

// chromium starts a browser, or skips the test where there is none. A test that is over ends it.
func chromium(t *testing.T) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no browser is started")
	}
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" || runtime.GOOS == "windows" {
		t.Skip("there is no Chromium here: the page is not looked at (Debian has it in the package chromium)")
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--hide-scrollbars", "--user-data-dir="+t.TempDir(), "about:blank")
	c.ExtraFiles = []*os.File{theirIn, theirOut} // descriptors 3 and 4
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{t: t, to: ourOut, from: bufio.NewReader(ourIn)}
	deadline := time.AfterFunc(2*time.Minute, func() { _ = c.Process.Kill() })
	t.Cleanup(func() {
		if deadline.Stop() {
			b.call("Browser.close", nil)
		}
		_ = c.Wait()
		ourOut.Close()
		ourIn.Close()
	})
	return b
}

// call is one command of the DevTools protocol with its answer. Events are passed over.
func (b *browser) call(method string, params any) json.RawMessage {
	b.t.Helper()
	b.id++
	message := map[string]any{"id": b.id, "method": method}
	if params != nil {
		message["params"] = params
	}
	if b.session != "" && method != "Browser.close" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		text, err := b.from.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("%s: the browser went away: %v", method, err)
		}
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(text[:len(text)-1], &answer); err != nil {
			b.t.Fatal(err)
		}
		if answer.ID != b.id {
			continue
		}
		if answer.Error != nil {
			b.t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		return answer.Result
	}
}

// get is a field of an answer.
func get[T any](b *browser, answer json.RawMessage, field string) T {
	b.t.Helper()
	var fields map[string]json.RawMessage
	var v T
	if err := json.Unmarshal(answer, &fields); err != nil {
		b.t.Fatal(err)
	}
	if err := json.Unmarshal(fields[field], &v); err != nil {
		b.t.Fatalf("%s of %s: %v", field, answer, err)
	}
	return v
}

// open shows a page in a tab of its own, width pixels wide, and waits until its script is through.
func (b *browser) open(html string, width int) {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(html), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.session = ""
	target := get[string](b, b.call("Target.createTarget", map[string]any{"url": "about:blank"}), "targetId")
	b.session = get[string](b, b.call("Target.attachToTarget", map[string]any{"targetId": target, "flatten": true}), "sessionId")
	b.call("Page.enable", nil)
	b.resize(width, 900)
	b.call("Page.navigate", map[string]any{"url": "file://" + path})
	b.wait("document.documentElement?.dataset.ready !== undefined")
}

func (b *browser) resize(width, height int) {
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
}

// media sets the medium and the colour scheme.
func (b *browser) media(medium, scheme string) {
	b.call("Emulation.setEmulatedMedia", map[string]any{
		"media": medium, "features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	})
}

// eval is what an expression is in the page. A script's error fails the test.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	answer := b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true})
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	var v T
	if err := json.Unmarshal(answer, &r); err != nil {
		b.t.Fatal(err)
	}
	if e := r.ExceptionDetails; e != nil {
		b.t.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if len(r.Result.Value) > 0 {
		if err := json.Unmarshal(r.Result.Value, &v); err != nil {
			b.t.Fatalf("%s is %s: %v", expression, r.Result.Value, err)
		}
	}
	return v
}

// wait waits until an expression is true.
func (b *browser) wait(expression string) {
	b.t.Helper()
	for range 400 {
		if eval[bool](b, expression) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	b.t.Fatalf("never true: %s", expression)
}

// press presses a key: one character, or the name of a key that has none.
func (b *browser) press(keys ...string) {
	b.t.Helper()
	codes := map[string]int{"Tab": 9, "Enter": 13, "Escape": 27, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
	for _, key := range keys {
		event := map[string]any{"type": "keyDown", "key": key, "windowsVirtualKeyCode": codes[key]}
		if key == "Enter" {
			event["text"] = "\r"
		} else if codes[key] == 0 {
			event["text"] = key
		}
		b.call("Input.dispatchKeyEvent", event)
		b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "windowsVirtualKeyCode": codes[key]})
	}
}

// picture keeps a screenshot of what a selector names in the directory that SCREENSHOTS names, for people to look at.
func (b *browser) picture(name, selector string) {
	b.t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	box := eval[[4]float64](b, fmt.Sprintf("(({x, y, width, height}) => [x + scrollX, y + scrollY, width, Math.min(height, 2600)])(document.querySelector(%q).getBoundingClientRect())", selector))
	text := get[string](b, b.call("Page.captureScreenshot", map[string]any{
		"format": "png", "captureBeyondViewport": true,
		"clip": map[string]float64{"x": box[0], "y": box[1], "width": box[2], "height": box[3], "scale": 1},
	}), "data")
	png, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// click clicks the element that a selector names.
func (b *browser) click(selector string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf("document.querySelector(%q).click() ?? true", selector))
}
