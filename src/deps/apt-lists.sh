# Private apt lists: the machine's own Debian archive, more suites, source packages too.
# Sourced by fetch. Needs $CAM_CACHE; defines `private_apt` (arguments for apt-get/apt-cache).
#
# The address of the archive is never written here: it is what the machine's own apt configuration
# names for a repository whose signed Release file says "Origin: Debian". Every list made from it is
# checked against Debian's archive keyring, whatever else the machine trusts.

apt_dir=$CAM_CACHE/apt
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

private_apt=(
	-o Dir::Etc::sourcelist="$apt_dir/sources.list"
	-o Dir::Etc::sourceparts=/dev/null
	-o Dir::Etc::preferencesparts=/dev/null
	-o Dir::State::lists="$apt_dir/lists"
	-o Dir::Cache="$apt_dir/cache"
	-o APT::Get::List-Cleanup=true
	-o APT::Sandbox::User=
	-o Acquire::Languages=none
	-o Acquire::Retries=3
	-o Debug::NoLocking=true
)

# Address of the machine's Debian repository whose release name is $1, empty if it has none.
machine_archive() {
	apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v release="$1" '$1 == "Debian" && $2 == release { print $3; exit }'
}

# Writes the private sources.list. The machine must be Debian 12: the toolchain is its gcc.
write_sources() {
	local main security signed="[arch=amd64 signed-by=$keyring]" src="[signed-by=$keyring]"
	main=$(machine_archive bookworm)
	security=$(machine_archive bookworm-security)
	[ -n "$main" ] || die "fetch: apt: this machine's apt configuration names no Debian bookworm archive (was 'apt-get update' ever run?)"
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial"
	{
		echo "deb $signed $main bookworm main"
		echo "deb-src $src $main bookworm main"
		echo "deb-src $src $main trixie main"
		[ -z "$security" ] || {
			echo "deb $signed $security bookworm-security main"
			echo "deb-src $src $security bookworm-security main"
			echo "deb-src $src $security trixie-security main"
		}
	} >"$apt_dir/sources.list"
}

# Brings the private lists up to date; apt checks the signatures.
update_lists() {
	write_sources
	apt-get "${private_apt[@]}" -q -y update
}
