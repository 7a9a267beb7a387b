# One table of tokens per second: lpft's figures (go test -bench) beside the peers'. Files in this
# order, the peers' possibly empty: pytorch.txt, jax.txt, go.txt; -v engine=NAME.
BEGIN {
    printf "%-38s %14s %10s %10s %13s %10s\n", "tokens/s", "lpft " engine, "PyTorch", "JAX", "lpft/PyTorch", "lpft/JAX"
}
FILENAME ~ /pytorch.txt$/ { torch[$1] = $2 }
FILENAME ~ /jax.txt$/ { jax[$1] = $2 }
FILENAME ~ /go.txt$/ && /^Benchmark/ {
    name = $1
    sub(/^Benchmark/, "", name)
    if (!(name in torch) && !(name in jax)) sub(/-[0-9]+$/, "", name) # go test appends the processors, if more than one
    for (i = 2; i <= NF; i++) if ($i == "tokens/s") ours = $(i - 1)
    printf "%-38s %14.0f %10s %10s %13s %10s\n", name, ours, shown(torch[name]), shown(jax[name]), ratio(torch[name]), ratio(jax[name])
    rows++
}
END { if (!rows) { print "no figures: is the shape spelled as in bench_test.go?" > "/dev/stderr"; exit 1 } }
function shown(x) { return x == "" ? "-" : sprintf("%.0f", x) }
function ratio(x) { return x == "" ? "-" : sprintf("%.2f", ours / x) }
