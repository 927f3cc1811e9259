// Package engines is a table of container images, each with a client that uses
// it, and of the capabilities that they need when podman or docker runs them. The
// sets come from the documentation of the programs, and the engine alone, without
// capmon, shows that each is enough and that nothing in it is superfluous
// (truth_test.go).
//
// The images are made here, of busybox and of Debian's packages. All of it is built
// for a virtual machine only (scripts/enginestest.sh).
package engines
