// Package task provides the data sets of the paper's experiments as lists of examples:
// one or two texts, and a label.
//
// # Loading
//
// A task is loaded by its id, from a folder of the original downloads or from the
// Hugging Face Hub, in this order:
//
//	data, err := task.Load(ctx, "cb", task.Options{Dir: os.Getenv("LPFT_DATA")})
//	if err != nil { ... }
//	for _, e := range data.Train {
//		fmt.Println(e.A, e.B, data.Task.Classes[e.Label])
//	}
//
// IDs lists what there is: the thirteen tasks of Table 7, stand-ins for two of them,
// and a toy task that needs no files at all ("toy", and "toy-ood" for its shifted
// test set). LoadFile reads a data set of your own; see OwnTask.
//
// # Folders
//
// Options.Dir is the parent folder. Upper and lower case, hyphens and underscores of
// the names make no difference.
//
//	CB RTE BoolQ WiC WSC       train.jsonl val.jsonl            SuperGLUE
//	RTE                        or train.tsv dev.tsv             GLUE
//	CoLA SST-2 MRPC            train.tsv dev.tsv                GLUE
//	BOSS/amazon                train.tsv test.tsv               BOSS
//	BOSS/dynasent semeval sst5 test.tsv                         BOSS
//	PubMed                     train.txt dev.txt test.txt       PubMed-RCT, numbers replaced by @
//	BoolQ-standin BOSS-standin/amazon                           as what they stand in for
//
// TSV files are never quoted: a quotation mark is a character as any other. CRLF, a
// byte order mark, blank lines and a missing end of the last line are all read. MRPC is
// read in GLUE's form; Microsoft's own msr_paraphrase files lack GLUE's division into
// training and validation rows. BOSS is not on the Hub and needs a folder.
//
// # Files of one's own
//
// A task file names its columns as they are written; only where none is written so may case and spaces differ, and a
// name that fits two columns is an error. CSV is read as pandas and Python's csv read it, but that NA, null and the like
// are texts. A text that is null (in TSV and CSV: empty) or holds half a surrogate pair is refused with its row, in every
// format, unless the task file says otherwise (OwnTask.BadText). Labels are class names or indices; 1.0 is 1.
// A file that is no such table (UTF-16, a git-lfs pointer, an archive, a JSON array, a torn download) is refused with
// what it is and what to do.
//
// # Splits
//
// The official training file, in file order and not shuffled, gives the training rows
// and, with its last ⌈0.1·n⌉ rows, the validation rows. The official validation file
// (Amazon: its test file) is the test set. PubMed has its own three files. The
// out-of-distribution sets (Task.TestOnly) have test rows only.
//
// Example.Row counts the rows of the source file from 0: header, blank lines and
// PubMed's ###id lines are not rows. BOSS rows without text are counted but left out.
// SemEval's 20,632 rows are all kept, of which the published set has 20,622.
//
// # Real and printed numbers
//
// Table 7 of the paper differs from the real files in some counts; Table7 puts both
// side by side. Data.Digest names the rows of a data set, whatever source they came
// from: a folder and the Hub give the same digest where the texts are the same.
package task
