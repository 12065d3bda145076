package cmd

import (
	"context"
	"iter"
)

// inOrder calls work for each item, n at a time, and emit with the results in the order of the items. Only a few times n
// results are held at once. When ctx ends or emit fails no further item is begun: those that are under way are finished,
// and after a failure no longer emitted. The error is that of emit.
func inOrder[T, R any](ctx context.Context, n int, items iter.Seq[T], work func(T) R, emit func(R) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs, order := startWorkers(n, work)
	go func() {
		defer close(order)
		defer close(jobs)
		for item := range items {
			j := job[T, R]{item, make(chan R, 1)}
			if !send(ctx, order, j.done) {
				return
			}
			if !send(ctx, jobs, j) {
				close(j.done) // nobody will work on it
				return
			}
		}
	}()
	var failed error
	for done := range order {
		result, ok := <-done
		if !ok || failed != nil {
			continue
		}
		if failed = emit(result); failed != nil {
			cancel()
		}
	}
	return failed
}

// job is an item with the channel that its result goes to.
type job[T, R any] struct {
	item T
	done chan R
}

// maxWorkers bounds the workers, whatever is asked for: each that waits takes memory, and no machine has as many processors.
const maxWorkers = 1024

// startWorkers makes n workers for jobs, and the queue of their results, whose size bounds how far they run ahead.
func startWorkers[T, R any](n int, work func(T) R) (chan<- job[T, R], chan chan R) {
	n = min(n, maxWorkers)
	jobs := make(chan job[T, R])
	for range n {
		go func() {
			for j := range jobs {
				j.done <- work(j.item)
			}
		}()
	}
	return jobs, make(chan chan R, 4*n)
}

// send reports whether v was taken before ctx ended.
func send[V any](ctx context.Context, to chan<- V, v V) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case to <- v:
		return true
	case <-ctx.Done():
		return false
	}
}
