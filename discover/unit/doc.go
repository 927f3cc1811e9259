// Package unit reads a systemd service unit as systemd does: where its files
// are, what they say, and how it is started, reloaded and stopped.
//
//	name, err := unit.ParseName("mosquitto.service")
//	files, err := unit.Find(name, unit.SystemPath(os.Getenv))
//	service, err := unit.Read(files, unit.System())
//
// The rules are those of systemd.unit(5), systemd.service(5), systemd.exec(5)
// and systemd.kill(5), and where these are silent those of systemd's
// src/core/load-fragment.c.
package unit
