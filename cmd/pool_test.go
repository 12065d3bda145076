package cmd

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func TestInOrder(t *testing.T) {
	t.Parallel()
	items := make([]int, 500)
	for i := range items {
		items[i] = i
	}
	for _, workers := range []int{1, 2, 7, 64} {
		var got []int
		err := inOrder(t.Context(), workers, slices.Values(items),
			func(i int) int {
				time.Sleep(time.Duration(i*7919%13) * time.Microsecond)
				return i
			},
			func(i int) error { got = append(got, i); return nil })
		if err != nil || !slices.Equal(got, items) {
			t.Errorf("%d workers: %v, %v", workers, err, got)
		}
	}
}

func TestInOrderHoldsFewResults(t *testing.T) {
	t.Parallel()
	const workers = 3
	var made, emitted, most atomic.Int64
	err := inOrder(t.Context(), workers, slices.Values(make([]int, 1000)),
		func(int) int {
			held := made.Add(1) - emitted.Load()
			for old := most.Load(); held > old && !most.CompareAndSwap(old, held); old = most.Load() {
			}
			return 0
		},
		func(int) error { emitted.Add(1); return nil })
	if err != nil || emitted.Load() != 1000 {
		t.Fatalf("emitted %d, %v", emitted.Load(), err)
	}
	if limit := int64(6*workers + 2); most.Load() > limit {
		t.Errorf("%d results were held at once, want at most %d", most.Load(), limit)
	}
}

func TestInOrderStops(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe")
	tests := []struct {
		name  string
		after func(cancel func()) error // of the third result
		want  error
	}{
		{"when a result cannot be emitted", func(func()) error { return broken }, broken},
		{"when the run is interrupted", func(cancel func()) error { cancel(); return nil }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var begun, finished atomic.Int64
			var got []int
			err := inOrder(ctx, 2, slices.Values([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}),
				func(i int) int {
					begun.Add(1)
					defer finished.Add(1)
					time.Sleep(time.Millisecond)
					return i
				},
				func(i int) error {
					got = append(got, i)
					if i == 2 {
						return tt.after(cancel)
					}
					return nil
				})
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if begun.Load() != finished.Load() || begun.Load() == 21 {
				t.Errorf("%d of 21 were begun and %d finished", begun.Load(), finished.Load())
			}
			if !slices.IsSorted(got) || len(got) < 3 {
				t.Errorf("emitted %v", got)
			}
		})
	}
}

// TestManyWorkers shows that as many workers as anybody may ask for take no more memory than there is.
func TestManyWorkers(t *testing.T) {
	t.Parallel()
	sum := 0
	err := inOrder(t.Context(), 1<<40, slices.Values([]int{1, 2, 3}), func(n int) int { return n }, func(n int) error {
		sum += n
		return nil
	})
	if err != nil || sum != 6 {
		t.Errorf("sum %d and error %v, want 6 and none", sum, err)
	}
}
