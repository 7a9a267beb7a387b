package task_test

import (
	"context"
	"fmt"

	"lpft/lpftlib/task"
)

// The toy task needs no files.
func ExampleLoad() {
	data, err := task.Load(context.Background(), "toy", task.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", data.Counts())
	e := data.Test[0]
	fmt.Println(e.A)
	fmt.Println(e.B)
	fmt.Println(data.Task.Classes[e.Label])
	// Output:
	// {Train:720 Val:80 Test:400}
	// Late in the evening, Peter stopped Maria just before Maria could paint the garden fence.
	// Maria repaired the old bicycle.
	// neutral
}

// A data set of one's own: a task file beside the data files.
func ExampleLoadFile() {
	data, err := task.LoadFile(context.Background(), "testdata/own/reviews.json", task.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range data.Train {
		fmt.Println(data.Task.Classes[e.Label], e.A)
	}
	// Output:
	// good Fits well, and the colour is right.
	// bad Broke on the first day.
}
