package monitor

// sysPrefix is what the names of system calls' functions begin with.
const sysPrefix = "arm64_"
