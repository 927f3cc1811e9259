//go:build amd64

package follow

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

// compatProgram is a 32-bit executable that calls sethostname(NULL, -1), which
// is number 74 there, as fsync(2) is for 64 bits, and exits with 0.
func compatProgram(t *testing.T) []byte {
	t.Helper()
	code := []byte{
		0xb8, 74, 0, 0, 0, // mov eax, 74
		0x31, 0xdb, // xor ebx, ebx
		0x83, 0xc9, 0xff, // or ecx, -1
		0xcd, 0x80, // int 0x80
		0xb8, 1, 0, 0, 0, // mov eax, 1
		0x31, 0xdb, // xor ebx, ebx
		0xcd, 0x80, // int 0x80
	}
	const base, headers = 0x08048000, 52 + 32
	size := uint32(headers + len(code))
	header := elf.Header32{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_386), Version: uint32(elf.EV_CURRENT),
		Entry: base + headers, Phoff: 52, Ehsize: 52, Phentsize: 32, Phnum: 1,
	}
	segment := elf.Prog32{
		Type: uint32(elf.PT_LOAD), Vaddr: base, Paddr: base,
		Filesz: size, Memsz: size, Flags: uint32(elf.PF_R | elf.PF_X), Align: 0x1000,
	}
	var b bytes.Buffer
	for _, part := range []any{header, segment, code} {
		testenv.Must(t, binary.Write(&b, binary.LittleEndian, part))
	}
	return b.Bytes()
}

func TestCompatSystemCall(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		dir := testenv.OpenToAll(t)
		testenv.Must(t, os.WriteFile(dir+"/compat", compatProgram(t), 0o755))
		r, err := program{args: []string{dir + "/compat"}}.launch(t, tracer)
		if errors.Is(err, unix.ENOEXEC) {
			testenv.Cannot(t, "the kernel runs no 32-bit programs: CONFIG_IA32_EMULATION")
		}
		testenv.Must(t, err)
		if status := r.wait(); status != 0 {
			t.Fatalf("status %#x", status)
		}
		wanted := []want{{cap: "CAP_SYS_ADMIN", verdict: trace.Fail, syscall: "sethostname", errno: unix.EPERM,
			function: "__ia32_sys_sethostname __do_sys_sethostname __se_sys_sethostname __x64_sys_sethostname"}}
		compareChecks(t, wanted, checksOf(r.collect(), wanted))
	})
}
