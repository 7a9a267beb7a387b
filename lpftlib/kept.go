package lpftlib

import (
	"encoding/json"
	"fmt"

	"lpft/lpftlib/kept"
	"lpft/lpftlib/report"
	"lpft/lpftlib/worker"
)

// Keep keeps a value under a name for the cells that follow: numbers, texts, slices, maps and structs of them, matrices, heads,
// kernels, and a [Study], [Task] or [Run]. It lasts as long as the notebook's kernel. nil removes what was kept.
//
//	lpftlib.Keep("phi", cb.Features("test"))
//
// and in a later cell
//
//	phi := lpftlib.Kept[*mat.Dense]("phi")
func Keep(name string, value any) {
	box := Must(kept.Open())
	Must(0, box.Put(name, value))
}

// Kept is a value that an earlier cell has kept. Where there is none of that name, or one of another type, the cell ends and
// says what there is.
func Kept[T any](name string) T { return Must(kept.Get[T](Must(kept.Open()), name)) }

// Vars lists what the cells have kept.
func Vars() report.Table {
	t := report.Table{Caption: "Values that cells have kept.", Columns: []string{"name", "type", "shape", "KiB"}}
	box := Must(kept.Open())
	for _, v := range Must(box.List()) {
		t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{{Ours: v.Name}, {Ours: v.Type}, {Ours: v.ShapeText()}, {Ours: fmt.Sprint((v.Bytes + 1023) >> 10)}}})
	}
	return t
}

// handle is a study, a task or a run as it is kept: what it takes to find it again.
type handle struct {
	Params Params
	Task   string      `json:",omitempty"`
	Run    *worker.Run `json:",omitempty"`
}

// opened is a handle's study.
func opened(data []byte) (h handle, s *Study, err error) {
	if err := json.Unmarshal(data, &h); err != nil {
		return h, nil, err
	}
	return h, Open(h.Params), nil
}

// MarshalBinary is a study as [Keep] keeps it.
func (s *Study) MarshalBinary() ([]byte, error) { return json.Marshal(handle{Params: s.params}) }

// UnmarshalBinary opens what [Study.MarshalBinary] describes.
func (s *Study) UnmarshalBinary(data []byte) error {
	_, study, err := opened(data)
	if err == nil {
		*s = *study
	}
	return err
}

// MarshalBinary is a task as [Keep] keeps it.
func (t *Task) MarshalBinary() ([]byte, error) {
	return json.Marshal(handle{Params: t.study.params, Task: t.ID})
}

// UnmarshalBinary opens what [Task.MarshalBinary] describes.
func (t *Task) UnmarshalBinary(data []byte) error {
	h, study, err := opened(data)
	if err == nil {
		*t = *study.Task(h.Task)
	}
	return err
}

// MarshalBinary is a run as [Keep] keeps it: its model stays in the store.
func (r *Run) MarshalBinary() ([]byte, error) {
	run := worker.RunOf(r.Spec)
	return json.Marshal(handle{Params: r.task.study.params, Task: r.task.ID, Run: &run})
}

// UnmarshalBinary finds what [Run.MarshalBinary] describes in the store.
func (r *Run) UnmarshalBinary(data []byte) error {
	h, study, err := opened(data)
	if err == nil {
		*r = *study.Task(h.Task).TrainAs(h.Run.Whole())
	}
	return err
}
