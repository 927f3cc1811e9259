// Package consumers has the tests in which the programs and libraries that
// read what capmon emits and exports read it. It is a module of its own, so that
// they are no requirements of capmon's.
package consumers
