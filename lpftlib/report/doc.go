// Package report renders the results of a run as one static page, index.html, that a reviewer opens without a
// server or a network: tables with the paper's number beside ours, figures, the paper's claims and whether
// they hold, and the provenance of every number.
//
// The package computes nothing. It is given a [Report] of finished texts and pictures and writes a
// folder:
//
//	report/
//	  index.html     style and script inside, nothing is loaded from elsewhere
//	  tables/        each table as table1-1.csv, .md and .tex
//	  figures/       the figures, each as .png and .svg
//	  notebooks/     the notebooks, copied
//
// A table alone can also be had as Markdown, CSV, LaTeX, or an HTML fragment for a notebook's output
// (see [Table]). Texts may hold any characters: every format escapes them.
package report
