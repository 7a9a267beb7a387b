package items_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"lpft/lpftlib/items"
	"lpft/lpftlib/session"
)

// A table of the paper's from a session: needs, data, view and judgement.
func Example() {
	home, err := os.MkdirTemp("", "lpft-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(home)
	ctx := context.Background()
	s, err := session.Open(ctx, session.Options{Profile: "smoke", Tasks: []string{"toy"}, Seeds: []uint64{1}, Home: home, Backend: "go", Offline: true, Say: func(string) {}})
	if err != nil {
		log.Fatal(err)
	}
	item, err := items.ByID("corollary1")
	if err != nil {
		log.Fatal(err)
	}
	built, err := item.Build(ctx, s, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, claim := range built.Claims {
		fmt.Println(claim.Outcome, claim.Text)
	}
	fmt.Println(len(built.Tables), "tables")
	// Output:
	// holds equation (4): the error of the linearised logits has slope 2 in η
	// holds equation (5): features follow it to rounding
	// holds Corollary 1 (6): features outside the training rows' span never move
	// 2 tables
}
