package cmd

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"cfgfix/fixes"
)

// settingsNames are the names that a settings file is found by.
var settingsNames = [...]string{".cfgfix.yml", ".cfgfix.yaml"}

// settingsFile is a settings file that was read. The zero value stands for none.
type settingsFile struct {
	fixes.Settings
	dir string // what its globs on paths are relative to
}

// settingsFinder finds the settings of configs. It reads each settings file once, and is not safe for concurrent use.
type settingsFinder struct {
	repos *repos
	given *settingsFile            // of --config: used for all files
	files map[string]*settingsFile // by their directory
	dirs  recent[*settingsFile]    // by the directory that they hold in

	nameRepos bool // the name of every repo is asked for, not only where settings need it
}

func newSettingsFinder(repos *repos) *settingsFinder {
	return &settingsFinder{repos: repos, files: map[string]*settingsFile{}, dirs: recent[*settingsFile]{}}
}

// use makes one settings file that of all configs.
func (s *settingsFinder) use(path string) (err error) {
	s.given, err = s.read(path)
	return err
}

// noSettings stands for the file of all configs that have none.
var noSettings = &settingsFile{}

// find is the settings file for the files in dir: the nearest at or above it, up to the repo's root. Outside of a repo
// the search ends at the working directory, or at the directory that holds .circleci.
func (s *settingsFinder) find(dir string) (*settingsFile, error) {
	if s.given != nil {
		return s.given, nil
	}
	if found, known := s.dirs[dir]; known {
		return found, nil
	}
	found, err := s.readIn(dir)
	if err == nil && found == nil {
		if parent := filepath.Dir(dir); s.last(dir) || parent == dir {
			found = noSettings
		} else {
			found, err = s.find(parent)
		}
	}
	if err != nil {
		return nil, err
	}
	s.dirs.add(dir, found)
	return found, nil
}

// last reports whether the search for settings ends in dir.
func (s *settingsFinder) last(dir string) bool {
	if root := s.repos.root(dir); root != "" {
		return dir == root
	}
	if _, ok := below(s.repos.dir, dir); ok {
		return dir == s.repos.dir
	}
	return exists(filepath.Join(dir, ".circleci"))
}

// readIn is the settings file in dir, nil when there is none.
func (s *settingsFinder) readIn(dir string) (*settingsFile, error) {
	if known := s.files[dir]; known != nil {
		return known, nil
	}
	var found []string
	for _, name := range settingsNames {
		if path := filepath.Join(dir, name); exists(path) {
			found = append(found, path)
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		if real, err := filepath.EvalSymlinks(found[0]); err == nil && !s.inRepo(dir, real) {
			return nil, fmt.Errorf("%s: is a link that leads out of the repo; name what it leads to with --config", s.shown(found[0]))
		}
		file, err := s.read(found[0])
		if err == nil {
			s.files[dir] = file
		}
		return file, err
	}
	return nil, fmt.Errorf("%s: has both %s and %s; remove one of them", s.shown(dir), settingsNames[0], settingsNames[1])
}

// inRepo reports whether a path is in the repo of dir, or where there is none, at or below the place where the search
// for settings ends. What a repo holds must not make this read what it does not hold.
func (s *settingsFinder) inRepo(dir, path string) bool {
	end := s.repos.root(dir)
	if end == "" {
		end = dir
		for !s.last(end) && filepath.Dir(end) != end {
			end = filepath.Dir(end)
		}
	}
	_, ok := below(end, path)
	return ok
}

func (s *settingsFinder) read(path string) (*settingsFile, error) {
	src, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.shown(path), err)
	}
	parsed, err := fixes.ParseSettings(s.shown(path), src.data)
	if err != nil {
		return nil, err
	}
	return &settingsFile{*parsed, filepath.Dir(path)}, nil
}

// shown is how people see a path of settings.
func (s *settingsFinder) shown(path string) string {
	if rel, ok := below(s.repos.dir, path); ok {
		return filepath.ToSlash(rel)
	}
	return path
}

// relative is the path as globs of the settings see it. Settings from elsewhere see the names that people see.
func (f *settingsFile) relative(src *source) string {
	if rel, ok := below(f.dir, src.path); ok && f.dir != "" {
		return filepath.ToSlash(rel)
	}
	return strings.TrimPrefix(src.name, "/")
}

// prepare finds the settings of every source, so that wrong ones stop the run before anything is written, and drops the
// sources that they exclude. A file that was named on the command line is handled even so.
func (s *settingsFinder) prepare(sources []source, verbose func(string, ...any)) ([]source, error) {
	kept := sources[:0]
	for _, src := range sources {
		if src.err != nil {
			kept = append(kept, src)
			continue
		}
		found, err := s.find(filepath.Dir(src.path))
		if err != nil {
			return nil, err
		}
		if !src.named && found.Excluded(found.relative(&src)) {
			verbose("%s: skipped: excluded by the settings", src.name)
			continue
		}
		src.settings = found
		if len(found.Repos) > 0 || s.nameRepos {
			src.repo = s.repos.name(src.path)
		}
		src.patch = endOf(src.path, s.repos.patchName(src.path))
		src.root = s.repos.base(src.path)
		kept = append(kept, src)
	}
	return kept, nil
}

// choice is what the command line says about rules and facts. It beats all settings.
type choice struct {
	selected []string // --select; nil when not given
	ignored  []string // --ignore
	facts    fixes.Facts
}

// newChoice checks and resolves the values of --select, --ignore and --set.
func newChoice(selected, ignored, facts []string) (*choice, error) {
	c := &choice{}
	var err error
	if c.selected, err = resolveRules("--select", selected); err != nil {
		return nil, err
	}
	if c.ignored, err = resolveRules("--ignore", ignored); err != nil {
		return nil, err
	}
	for _, fact := range facts {
		key, value, ok := strings.Cut(fact, "=")
		if !ok {
			return nil, fmt.Errorf("--set %s: no value; write --set %s=VALUE", fact, fact)
		}
		if err := c.facts.Set(strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("--set: %w", err)
		}
	}
	return c, nil
}

func resolveRules(flag string, names []string) ([]string, error) {
	for _, name := range names {
		if err := knownWord(flag, name, ruleNames()); err != nil {
			return nil, err
		}
	}
	ids, err := fixes.ResolveRules(names)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return ids, nil
}

// rules are the rules to run: those of --select, else those of the settings, else those that are on by default. What
// the command line selects runs even where the settings ignore it.
func (c *choice) rules(all []*fixes.Rule, s *fixes.Settings) ([]*fixes.Rule, error) {
	selected, ignored := c.selected, c.ignored
	if selected == nil {
		inSettings, err := fixes.ResolveRules(s.Ignore)
		if err != nil {
			return nil, err
		}
		ignored = slices.Concat(ignored, inSettings)
		if selected, err = fixes.ResolveRules(s.Select); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(r *fixes.Rule) bool {
		on := !r.Off
		if selected != nil {
			on = slices.Contains(selected, r.ID)
		}
		return !on || slices.Contains(ignored, r.ID)
	}), nil
}
