#!/bin/bash
# run.sh - boots a Debian kernel in QEMU and runs a command in it as root, in the same working directory, with this
# machine's root file system as the guest's. What the guest writes goes to its memory; this machine is not changed.
set -euo pipefail

usage() {
	cat >&2 <<-'END'
	usage: run.sh [OPTION...] VERSION -- COMMAND [ARG...]
	  VERSION         a kernel series, such as 6.1 or 6.12
	  --mem MB        the guest's memory (2048); three quarters of it can hold files
	  --timeout SEC   when to give up, boot included (600)
	  --out DIR       share this directory with the guest, writable, at the same path
	  --env NAME=VAL  set a variable for COMMAND; may be repeated. Only PATH is taken from here.
	  --systemd       boot systemd, and run COMMAND as a service of it
  --append ARGS   more for the kernel command line
	The exit status is COMMAND's, or 125 if the guest did not bring one back: its kernel log's end then goes to stderr.
	END
	exit 2
}

mem=2048 timeout=600 out='' append='' systemd='' env=()
while [ $# -gt 0 ]; do
	case $1 in
	--mem) mem=${2-} ;;
	--timeout) timeout=${2-} ;;
	--out) out=${2-} ;;
	--env) env+=("${2-}") ;;
	--append) append=${2-} ;;
	--systemd) systemd=1; shift; continue ;;
	*) break ;;
	esac
	[ $# -ge 2 ] || usage
	shift 2
done
if [ $# -lt 3 ] || [ "$2" != -- ]; then usage; fi
version=$1
shift 2

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kernel=$("$here/kernel.sh" "$version") || exit 125
export PATH=$PATH:/usr/sbin:/sbin

# The control directory: what the guest shall do, and what it did.
ctl=$(mktemp -d "${TMPDIR:-/tmp}/capmon-vm.XXXXXX")
qemu='' tails=()
# shellcheck disable=SC2317 # reached by the trap
cleanup() {
	trap '' INT TERM HUP
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || true
	[ -z "$qemu" ] || wait "$qemu" 2>/dev/null || true
	[ ${#tails[@]} -eq 0 ] || kill "${tails[@]}" 2>/dev/null || true
	rm -rf "$ctl"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# guest.sh puts these names in an fstab, where blanks part the fields.
fstab_name() {
	sed 's/\\/\\134/g; s/ /\\040/g; s/\t/\\011/g'
}

mkdir "$ctl/share"
share=$ctl/share
: >"$share/stdout"
: >"$share/stderr"
[ -z "$systemd" ] || : >"$share/systemd"
cp "$here/guest.sh" "$share/"
echo "$kernel/lib/modules/$(cat "$kernel/release")" | fstab_name >"$share/modules"
{
	printf 'cd -- %q || exit 125\n' "$PWD"
	printf 'exec env -i PATH=%q HOME=/root' "$PATH"
	[ ${#env[@]} -eq 0 ] || printf ' %q' "${env[@]}"
	printf ' %q' "$@"
	echo
} >"$share/command"

# See guest.sh. Only where programs are found: a look through all of the file system takes many seconds.
IFS=: read -ra dirs <<<"$PATH"
for d in "${dirs[@]}"; do getcap "$d"/* 2>/dev/null || true; done | sed -E "s/^(.*) ([^ ]+)$/\2 \1/" | sort -u >"$share/filecaps"

# security_model=none: owners, modes and setuid bits are as on this machine. multidevs=remap: the root has other file
# systems mounted in it, whose inode numbers would else clash.
shares=(
	-fsdev "local,id=root,path=/,readonly=on,security_model=none,multidevs=remap"
	-device "virtio-9p-pci,fsdev=root,mount_tag=root"
	-fsdev "local,id=ctl,path=${share//,/,,},security_model=none"
	-device "virtio-9p-pci,fsdev=ctl,mount_tag=ctl"
)
if [ -n "$out" ]; then
	mkdir -p "$out"
	out=$(cd "$out" && pwd)
	echo "$out" | fstab_name >"$share/out"
	shares+=(
		-fsdev "local,id=out,path=${out//,/,,},security_model=none,multidevs=remap"
		-device "virtio-9p-pci,fsdev=out,mount_tag=out"
	)
fi

# That /dev/kvm opens is not enough: in some virtual machines it does, and then no guest gets past its first instruction.
if [ -z "${CAPMON_VM_ACCEL-}" ] && grep -qwE 'vmx|svm' /proc/cpuinfo && (: <>/dev/kvm) 2>/dev/null; then
	CAPMON_VM_ACCEL=kvm
fi
image=$kernel/vmlinuz
if [ "${CAPMON_VM_ACCEL-}" = kvm ]; then
	accel=(-accel kvm -cpu host -smp 2)
else
	# One processor: with two, the guest can run into a breakpoint that the kernel puts into its own code while it patches
	# a static key, and panics ("Oops: int3"). Attaching a program to sys_exit patches one.
	# What is switched off makes each change of context slower to emulate, and no test here is about it.
	accel=(-accel tcg -cpu "max,la57=off,smap=off,smep=off,pku=off" -smp 1)
	[ ! -e "$kernel/vmlinux" ] || image=$kernel/vmlinux
fi

cmdline="console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on $append"

# setpriv: QEMU must not live on if this script is killed outright.
setpriv --pdeathsig TERM timeout -k 5 "$timeout" \
	qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
	"${accel[@]}" -m "$mem" \
	-kernel "$image" -initrd "$kernel/initrd" -append "$cmdline" \
	-chardev "file,id=console,path=${ctl//,/,,}/console" -serial chardev:console \
	"${shares[@]}" </dev/null >"$ctl/qemu" 2>&1 &
qemu=$!

# tail ends by itself once QEMU has ended, after a last look.
tail -s 0.1 -c +1 -f --pid=$qemu "$share/stdout" &
tails+=($!)
tail -s 0.1 -c +1 -f --pid=$qemu "$share/stderr" >&2 &
tails+=($!)

vm=0
# Here bash would say that QEMU was aborted; the message below says so too.
{ wait "$qemu" || vm=$?; } 2>/dev/null
qemu=
wait "${tails[@]}" || true
tails=()

# QEMU's own status says nothing of the guest: it is 0 after a panic too.
if [ -s "$share/status" ]; then
	exit "$(cat "$share/status")"
fi
{
	if [ "$vm" -eq 124 ] || [ "$vm" -eq 137 ]; then
		echo "run.sh: the guest was stopped after $timeout s"
	else
		echo "run.sh: the guest ended without a status (QEMU: $vm)"
	fi
	cat "$ctl/qemu"
	echo "--- end of the log of kernel $version:"
	tail -n 100 "$ctl/console" | tr -d '\r'
} >&2
exit 125
