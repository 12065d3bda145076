package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
)

// initOptions are the flags and arguments of cfgfix init.
type initOptions struct {
	io     *streams
	args   []string
	force  bool
	stdout bool
	schema bool
}

func newInit(io *streams) *cobra.Command {
	o := &initOptions{io: io}
	c := &cobra.Command{
		Use:   "init [PATH...]",
		Short: "Write a settings file with the facts that the configs need",
		Long: `init looks at configs and writes a .cfgfix.yml for them: every fact that their fixes need or use, filled in where
the configs show it and with the place where it was seen, then the other facts as comments.

PATHs are those of cfgfix itself. With one directory the file goes there, else to the working directory. For many
repos it holds what all of them need: give it to cfgfix with --config.`,
		Example: `  cfgfix init                    # write .cfgfix.yml here
  cfgfix init --stdout           # show what it would hold
  cfgfix init --stdout ~/clones >settings.yml
  cfgfix init --schema           # the JSON Schema of settings files, for editors`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			o.args = args
			if err := o.check(); err != nil {
				return err
			}
			if o.schema {
				_, err := io.out.Write(fixes.SettingsSchema())
				return err
			}
			return o.run(c.Context())
		},
	}
	c.Flags().BoolVar(&o.force, "force", false, "overwrite the settings file that is there")
	c.Flags().BoolVar(&o.stdout, "stdout", false, "print the settings instead of writing a file")
	c.Flags().BoolVar(&o.schema, "schema", false, "print the JSON Schema of settings files")
	c.SetFlagErrorFunc(flagError)
	return c
}

func (o *initOptions) check() error {
	switch {
	case o.schema && (o.stdout || o.force || len(o.args) > 0):
		return errors.New("init: --schema looks at no config and writes no file: use it alone")
	case o.stdout && o.force:
		return errors.New("init: --stdout and --force exclude each other")
	case slices.Contains(o.args, "-"):
		return errors.New("init: standard input has no place for a settings file; name a file or a directory")
	case slices.Contains(o.args, ""):
		return errors.New("init: a PATH is empty; name a file or a directory")
	case len(o.args) == 0:
		o.args = []string{"."}
	}
	return nil
}

// run writes the settings. A config that cannot be read or parsed is told of and left out; when a PATH cannot be read,
// or no config can, nothing is written: the file would stand in the way of the next run.
func (o *initOptions) run(ctx context.Context) error {
	name := filepath.Join(o.directory(), settingsNames[0])
	if !o.stdout {
		if err := o.vacant(name); err != nil {
			return err
		}
	}
	survey, err := o.survey(ctx)
	if ctx.Err() != nil {
		return codeError(exitInterrupted)
	}
	if survey == nil {
		return err
	}
	if o.stdout {
		_, failed := o.io.out.Write(survey.Settings())
		return errors.Join(failed, err)
	}
	if failed := writeSettings(o.abs(name), survey.Settings()); failed != nil {
		return &fileError{fmt.Errorf("init: %s: %w", filepath.ToSlash(name), writeError(failed))}
	}
	fmt.Fprintln(o.io.err, "cfgfix: note: wrote", report.Visible(filepath.ToSlash(name)))
	return err
}

// directory is where the settings file goes, as people name it.
func (o *initOptions) directory() string {
	if len(o.args) == 1 {
		if info, err := os.Stat(o.abs(o.args[0])); err == nil && info.IsDir() {
			return o.args[0]
		}
	}
	return "."
}

func (o *initOptions) abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(o.io.dir, path)
}

// vacant refuses to write over settings that are there. The name with the other ending stands in the way even with
// --force, since two files would be an error from then on.
func (o *initOptions) vacant(name string) error {
	other := filepath.Join(filepath.Dir(name), settingsNames[1])
	switch {
	case exists(o.abs(other)):
		return fmt.Errorf("init: %s is there already; rename it to %s or remove it", filepath.ToSlash(other), settingsNames[0])
	case exists(o.abs(name)) && !o.force:
		return fmt.Errorf("init: %s is there already; add --force to overwrite it or --stdout to look first", filepath.ToSlash(name))
	}
	return nil
}

// writeSettings puts a new file at path. A link that is there is replaced and not followed: where a settings file is
// written must not be up to what a repo holds.
func writeSettings(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".cfgfix-*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// survey looks at all configs, one after the other. The error says that some could not be looked at; there is no survey
// when one of them is a PATH, or when there is no other.
func (o *initOptions) survey(ctx context.Context) (*fixes.Survey, error) {
	s := &fixes.Survey{}
	note := func(format string, args ...any) {
		fmt.Fprintln(o.io.err, "cfgfix: note:", report.Visible(fmt.Sprintf(format, args...)))
	}
	d := &discovery{dir: o.io.dir, repos: newRepos(o.io.dir), note: note, verbose: func(string, ...any) {}}
	sources := d.discover(ctx, o.args)
	if len(sources) == 0 {
		d.noteNone()
	}
	var failed error
	wrong := false
	for _, src := range sources {
		if ctx.Err() != nil {
			break
		}
		err := src.err
		if err == nil {
			err = surveyFile(s, &src)
		}
		if err != nil {
			fmt.Fprintln(o.io.err, report.Fault(src.name, err))
			failed = codeError(exitFile)
			wrong = wrong || src.named && src.err != nil
		}
	}
	if wrong || failed != nil && s.Empty() {
		return nil, failed
	}
	return s, failed
}

func surveyFile(s *fixes.Survey, src *source) error {
	file, err := readFile(src.path)
	if err != nil {
		return err
	}
	return s.Add(src.name, file.data)
}
