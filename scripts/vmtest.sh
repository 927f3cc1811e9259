#!/bin/bash
# vmtest.sh [VERSION...] - runs the tests that need a kernel on which fexit or kprobe loads, on Debian's kernels in VMs
# (those in $versions if none is named). GOTEST_RUN limits them to the tests that match it.
set -euo pipefail

versions='5.10 6.1 6.12'
# Each with the tests of it that run there: what does not depend on the kernel is tested outside.
packages='./trace/backend=. ./trace/follow=. ./trace/monitor=. ./trace/sender=. ./discover/attempt=^(TestFound|TestNotFound|TestHooks.*)$'
# backends VERSION - what must load on that kernel. Where it does not, a test fails rather than skips. Before 5.15 a stack
# ends at a return probe, and with that of one tracer on cap_capable, none of another has a kernel function.
backends() {
	case $1 in
	5.10) echo fexit ;;
	*) echo fexit,kprobe ;;
	esac
}

# skipped VERSION - the tests that cannot pass there: those of one backend beside others, that of functions where
# /proc/kallsyms is hidden (bpf_snprintf, 5.13), and those of hooks in a sandbox (mount_setattr, 5.12).
skipped() {
	case $1 in
	5.10) echo '^(TestBackendsAgree|TestProbeSaysHowFar|TestSymbolsAreHidden|TestHooksExecuteNothingOfTheCommand|TestHooksSeeWhatTheCommandDid)$' ;;
	esac
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."
[ $# -gt 0 ] || { read -ra list <<<"$versions"; set -- "${list[@]}"; }

bin=$(mktemp -d "${TMPDIR:-/tmp}/capmon-vmtest.XXXXXX")
trap 'rm -rf "$bin"' EXIT

read -ra list <<<"$packages"
tests=()
for entry in "${list[@]}"; do
	package=${entry%%=*} pattern=${entry#*=}
	compgen -G "$package/*_test.go" >/dev/null || continue
	name=$(tr / - <<<"${package#./}").test
	CGO_ENABLED=0 go test -tags vm -c -o "$bin/$name" "$package"
	tests+=("$package $name $pattern")
done
[ ${#tests[@]} -gt 0 ] || { echo "vmtest.sh: no tests in $packages" >&2; exit 1; }

# on_kernel VERSION - all test binaries in guests with this kernel, one after the other. The status is how many failed.
on_kernel() {
	local version=$1 failed=0 test package name pattern start status
	for test in "${tests[@]}"; do
		read -r package name pattern <<<"$test"
		echo "=== kernel $version: $package"
		start=$SECONDS status=0
		# In the package's directory, as go test has it. /srv is a tmpfs: on the guest's root, an overlay, the kernel
		# makes checks of its own.
		(cd "$package" && "$here/vm/run.sh" --timeout 900 --env "CI=${CI-}" --env "CAPMON_TEST_BACKENDS=$(backends "$version")" \
			--env TMPDIR=/srv --env CAPMON_TEST_VM=1 "$version" -- \
			"$bin/$name" -test.timeout 14m -test.run "${GOTEST_RUN-$pattern}" -test.skip "$(skipped "$version")" ${GOTEST_V:+-test.v}) || status=$?
		[ "$status" -eq 0 ] || failed=$((failed + 1))
		echo "=== kernel $version: $package: status $status after $((SECONDS - start)) s"
	done
	return $failed
}

# The kernels side by side: an emulated guest has one processor.
pids=()
for version; do
	on_kernel "$version" >"$bin/log.$version" 2>&1 &
	pids+=($!)
done
failed=()
for version; do
	wait "${pids[0]}" || failed+=("$version")
	pids=("${pids[@]:1}")
	cat "$bin/log.$version"
done
if [ ${#failed[@]} -gt 0 ]; then
	echo "vmtest.sh: FAILED on kernel ${failed[*]}"
	exit 1
fi
echo "vmtest.sh: ${#tests[@]} test binaries passed on each of the kernels $*"
