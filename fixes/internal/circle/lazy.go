package circle

// lazy is a value that is computed when it is first asked for. Its zero value is ready to use.
type lazy[T any] struct {
	done  bool
	value T
}

func (l *lazy[T]) get(compute func() T) T {
	if !l.done {
		l.value = compute()
		l.done = true
	}
	return l.value
}

// table is a list of named things in the order of the file.
type table[T any] struct {
	list   []T
	byName map[string]T
}

func (t *table[T]) add(name string, v T) {
	if t.byName == nil {
		t.byName = map[string]T{}
	}
	t.list = append(t.list, v)
	t.byName[name] = v
}
