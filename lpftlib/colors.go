package lpftlib

import "context"

// colorsKey finds a notebook's colours in its context. They travel there, and not in the study's session,
// because they concern drawing alone: no step's key may ever see them.
type colorsKey struct{}

func withColors(ctx context.Context, colors map[string]string) context.Context {
	return context.WithValue(ctx, colorsKey{}, colors)
}

func colorsOf(ctx context.Context) map[string]string {
	colors, _ := ctx.Value(colorsKey{}).(map[string]string)
	return colors
}
