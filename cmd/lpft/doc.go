// Command lpft reproduces "Understanding Linear Probing then Fine-tuning Language Models from
// NTK Perspective" (Tomihari & Sato, NeurIPS 2024).
//
//	lpft reproduce     run the study and write report/index.html
//	lpft lab           open the notebooks in JupyterLab
//	lpft kernel        add the kernel to a Jupyter or VS Code of your own
//	lpft worker        what computes for notebooks' cells: status, stop
//	lpft doctor        what is there, what is missing
//	lpft store         what was computed and reused; verify, clean, export, import
//	lpft compare       two reports, number by number
//	lpft tokenize      token ids of texts
//	lpft features      a model's features of texts as .npy
//	lpft backend       engines: what there is, how to get XLA
//	lpft devices       a grid of runs on several cards, one process a card
//	lpft probe         linear probing of features as .npy
//	lpft ntk           the exact NTK of a classifier as .npz
//	lpft run           train and measure methods on tasks
//	lpft results       all runs there are, and the claims they decide
//	lpft tune          grid search for batch size and learning rate
//	lpft plan          a study as jobs for a scheduler; how long they take on so many devices
//	lpft job           do one of them
//	lpft submit        hand them to Slurm, or print them for Kubernetes
//	lpft status        how far they are
//
// Results go to standard output or into files, messages to standard error; an error is one
// line and exit status 1; lpft job has further ones for schedulers.
package main
