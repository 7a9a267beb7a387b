// Package stage describes an FT stage: the recipe that it follows, and the course that it took. Package finetune runs it;
// what only reads results needs no engine for them.
package stage
