package study

// LayoutPoint is a point of a joint layout: a feature or a row of V, before or after the FT stage.
type LayoutPoint struct {
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Class int     `json:"class"` // a head row's class is its row number
	After bool    `json:"after"`
	Row   bool    `json:"row"` // a row of V, else a feature
}
