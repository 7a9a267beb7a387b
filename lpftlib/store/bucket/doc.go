// Package bucket keeps a store's artefacts in an object store too, through gocloud.dev/blob: s3://, gs://, or file:// for a
// folder. The local store is the cache in front of it.
//
//	artefacts/<kind>/<key>.json    an artefact's manifest, written last: what it promises is there
//	files/<sha256>                 a file's bytes, by what they are, so that the same file is kept once
//
// An object's name follows from a step's key or from a manifest, so that work lists nothing; [Remote.List] is for copying
// everything. Digests are checked on the way out and on the way in: a flipped object is refused, and the artefact is
// computed as if it were not there.
package bucket
