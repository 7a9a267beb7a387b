// Package paper holds what the paper printed, and judges a reproduction against it.
//
// The paper is Tomihari and Sato, "Understanding Linear Probing then Fine-tuning Language Models from NTK
// Perspective" (NeurIPS 2024). Its numbers are embedded here cell by cell:
//
//	p, ok := paper.Lookup(8, "cb", "lpft", "accuracy") // Table 8: 84.64 ± 2.40 %
//	q, ok := paper.LookupKernel(2, "cb", "ft", "ft_e", "rank")
//
// A reproduction is judged in two ways. [Judge] gives one cell a [Verdict] with its reason: match, trend
// only, differs, or not a target. [Claim] results, made by [C1] to [C9] and [Judged], say whether the
// paper's statements hold in the numbers at hand; they need no printed value, so they are also judged
// where another model or other data make the printed values unreachable.
//
// # Names
//
// Data sets: cb, rte, boolq, wic, wsc, cola, sst2, mrpc, amazon, dynasent, semeval, sst5, pubmed.
// Methods: pretrained, lp, ft, lora, lpft, lplora. Kernels: pretrain_e (P), ft_e (F), ntk (Θ).
// Metrics: cs_f, diff_f, fdr_f, norm_c (Tables 1, 11, 12, 13); rank, fn, acc_train, acc_test, ft_ratio (2, 9);
// ece_wo_ts, ece_w_ts, ece_imp and the same with mce (3, 14, 15); bs, lr, lora_alpha, lora_r (6);
// n_classes, n_train, n_val, n_test (7); accuracy, matthews (8, 10, 16). Percentages are printed ×100.
package paper

// What the paper is and how to cite it.
const (
	Title   = "Understanding Linear Probing then Fine-tuning Language Models from NTK Perspective"
	Authors = "Akiyoshi Tomihari and Issei Sato"
	Venue   = "Advances in Neural Information Processing Systems 37 (NeurIPS 2024)"
	ArXiv   = "2405.16747"
	URL     = "https://arxiv.org/abs/" + ArXiv

	// Citation is one line for a report.
	Citation = Authors + ": " + Title + ". " + Venue + ", arXiv:" + ArXiv + "."

	// BibTeX is the entry for a bibliography.
	BibTeX = `@inproceedings{tomihari2024understanding,
  title     = {Understanding Linear Probing then Fine-tuning Language Models from {NTK} Perspective},
  author    = {Tomihari, Akiyoshi and Sato, Issei},
  booktitle = {Advances in Neural Information Processing Systems},
  volume    = {37},
  year      = {2024},
  note      = {arXiv:2405.16747}
}`
)

// Model is the pre-trained model of all the paper's runs.
const Model = "roberta-base"
