// Package items holds the report's parts: each table and figure of the paper, or several that share
// their runs, the statements of its theory, and questions that it leaves open (docs/beyond.md). One item a file.
//
// An item is four functions, of which the last two are pure:
//
//	needs   what must be in the store, as a plan: what it costs, and what of it is there already
//	data    the numbers: measures, kernels, courses; computed by the study, or read from its store
//	view    tables and figures of these data
//	judge   the statements that these data bear out or not
//
// A notebook's cell, the report and the command line build an item alike:
//
//	item, err := items.ByID("table1")
//	built, err := item.Build(ctx, session, nil)   // computes what is missing
//	built.Tables[0].HTML()
//	built.Figures[0].PNG()
//	built.Claims                                  // statistic, threshold, n, outcome
//
// Nothing drawn is kept: the store holds numbers, and a figure is drawn whenever it is looked at, in
// whatever colours the caller wants.
package items
