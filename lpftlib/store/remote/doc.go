// Package remote keeps a store's artefacts in a bucket of an object store, for machines that share no file system.
//
// The store on a machine's disk stays the only thing that computes and reads; a bucket holds what several of them have made:
//
//	artefacts/<kind>/<key>.json   an artefact's manifest, as it lies in a store, written last
//	files/<SHA-256>               its files, by what is in them
//
// A file's name is its content, so two machines that make one artefact at a time cannot mix their files, an upload that was
// cut goes on where it stopped, and nothing is ever there twice. A manifest that is there and sound is left alone; one that
// lists dropped files gives way to one of the same artefact that has all. To look something up is to get one object by its
// name; the bucket is listed by [Remote.Sync] and [Remote.Verify] alone.
//
//	r, err := remote.Open(ctx, "s3://bucket/study?region=eu-west-1")
//	st.Behind(r)                       // what st misses comes from the bucket
//	a, err := st.Do(ctx, step, compute)
//	pushed, err := r.Push(ctx, a)
//
// Digests are checked on both ways: a file that is not what its manifest promises is refused with its name, and is not
// uploaded or does not become part of an artefact. What was found damaged is replaced by the next push of the same artefact
// through the same Remote.
package remote
