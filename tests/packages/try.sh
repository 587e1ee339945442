# tests/packages/try.sh runs as root in the clean system of script/packaged: /older and /packages hold two versions of the packages.
#
#      netns phone: eth0 ── fe0: netns fe, 10.20.0.10: dialtoned; dnsmasq as `dialtone netconfig dnsmasq` writes it
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
say() { echo "packaged: $*"; }
fail() {
	say "$*" >&2
	tail -n 15 /tmp/dialtoned.log /tmp/phone.log >&2 || true
	exit 1
}
within() { # within SECONDS WHAT COMMAND...: waits until the command succeeds
	local seconds=$1 end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@"; do
		[ $SECONDS -lt $end ] || fail "after $seconds s it was not so: $what"
		sleep 0.2
	done
}
install() { apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" >/tmp/apt.log 2>&1 || { tail -20 /tmp/apt.log; exit 1; }; }
fe() { ip netns exec fe "$@"; }
connect=(ip netns exec phone dialtone connect --interface eth0 --no-vlan --state /var/lib/a-phone)
registered() { dialtone status --registered -f csv 2>/dev/null | grep -q '^alice@contoso.test,'; }
start() { # the servers, as the unit would
	ip netns exec fe dialtoned >/tmp/dialtoned.log 2>&1 & daemon=$!
	within 60 "dialtoned says that it is ready" grep -qs ready /tmp/dialtoned.log
}
stop() { kill "$daemon" && wait "$daemon" || true; }
kept() { # everything in the site that an administrator or dialtone init has written
	find /etc/dialtone /etc/default/dialtone-check -xdev -type f ! -name 'store.db*' ! -path '*/logs/*' ! -name '*.lock' -print0 | sort -z | xargs -0 sha256sum
}
version() { dpkg-query -W -f '${Version}' "$1"; }

apt-get -q update >/dev/null
install /older/libdialtone0_*.deb /older/dialtone_*.deb /older/dialtoned_*.deb /older/libdialtone-dev_*.deb iproute2 dnsmasq-base ${LAB:+/older/dialtone-lab_*.deb}
older=$(version dialtoned)
say "$older is installed"
getent passwd dialtone-vault dialtone dialtone-legacy >/dev/null
[ -f "$(dpkg -L dialtoned | grep 'system/dialtoned.service$')" ]

# A site, a network and a phone on the older version.
ip netns add fe && ip netns add phone
ip link add fe0 netns fe type veth peer name eth0 netns phone
ip -n fe link set lo up && ip -n fe address add 10.20.0.10/24 dev fe0 && ip -n fe link set fe0 up && ip -n phone link set eth0 up
dialtone init /etc/dialtone --domain contoso.test --fqdn fe01.contoso.test --address 10.20.0.10 >/dev/null
echo '# An administrator has been here.' >>/etc/dialtone/dialtone.conf
echo 'OPTIONS=--interface eth9' >/etc/default/dialtone-check
echo 80642 >/tmp/pin && chmod 600 /tmp/pin
dialtone user add alice@contoso.test --number +14255550123 --extension 4411 --pin-file /tmp/pin
dialtone netconfig dnsmasq --data 10.20.0.0/24,interface=fe0,range=10.20.0.100-10.20.0.150 --dns 10.20.0.10 --sip 10.20.0.10 >/tmp/dnsmasq.conf
fe dnsmasq -C /tmp/dnsmasq.conf --user=root --no-hosts --no-resolv --dhcp-leasefile=/tmp/leases --pid-file=/tmp/dnsmasq.pid
fe dialtoned -t
start
"${connect[@]}" --cold --extension 4411 --pin-file /tmp/pin --stay 0 >/tmp/phone.log 2>&1 & staying=$!
within 60 "a phone of $older is registered: $(tail -3 /tmp/phone.log)" registered
dialtone cert list -f csv >/tmp/certificates
kept >/tmp/kept
say "a phone of $older is registered"

# The newer version over it.
install /packages/libdialtone0_*.deb /packages/dialtone_*.deb /packages/dialtoned_*.deb /packages/libdialtone-dev_*.deb ${LAB:+/packages/dialtone-lab_*.deb}
newer=$(version dialtoned)
dpkg --compare-versions "$newer" gt "$older" || fail "$newer is not newer than $older"
[ "$(dialtone --version)" = "dialtone $newer" ]
getent passwd dialtone-vault dialtone dialtone-legacy dialtone-phone >/dev/null # the last came with a later release
kept | diff /tmp/kept - || fail "the upgrade changed what is the administrator's"
# Without systemd nobody has started the servers anew; the older ones may speak another language on the control socket.
dialtone status 2>&1 | grep -q "this program of version $newer; type: systemctl restart dialtoned" || fail "nobody says that the servers are still $older"
grep -q 'deb-systemd-invoke .*dialtoned.service' /var/lib/dpkg/info/dialtoned.postinst || fail "under systemd nobody starts the servers again"
kill -0 "$daemon" && kill -0 "$staying" || fail "the upgrade has ended the servers or the phone"
stop
fe dialtoned -t
start
within 60 "the phone of $older is registered with $newer" registered
kill $staying && wait $staying || true
"${connect[@]}" >/tmp/phone.log 2>&1 || fail "a phone of $newer does not sign in with the certificate of $older: $(tail -5 /tmp/phone.log)"
dialtone cert list -f csv | diff /tmp/certificates - || fail "the phone has another certificate"
dialtone user show 4411 >/dev/null
dialtone backup /tmp/backup && dialtone status --check
say "upgraded from $older to $newer: the phone kept its registration and its certificate, the site its files"

install --reinstall /packages/dialtoned_*.deb /packages/dialtone_*.deb
dialtone status --check >/dev/null
say "$newer is installed again over itself"
stop
kill "$(cat /tmp/dnsmasq.pid)"

install gcc libc6-dev pkg-config
cp /usr/share/doc/libdialtone-dev/examples/first_phone.c* /tmp/ && { gunzip -q /tmp/first_phone.c.gz 2>/dev/null || true; }
gcc -o /tmp/first_phone /tmp/first_phone.c $(pkg-config --cflags --libs dialtone) && /tmp/first_phone >/dev/null
say "the library is found and a first phone runs"
[ -z "$LAB" ] || dialtone-lab cx600

kept >/tmp/kept
apt-get -q -y purge dialtoned dialtone >/tmp/apt.log 2>&1
left=$(find / -xdev \( -path /proc -o -path /packages -o -path /older -o -path /tmp -o -path /var/lib/apt -o -path /var/cache -o -path /etc/dialtone -o -path /var/log \
	-o -path /etc/default/dialtone-check -o -path /var/lib/dpkg/info \) -prune \
	-o -newer /packages -name '*dialtone*' -print | grep -v -e libdialtone -e '/usr/include/dialtone' -e dialtone-lab -e pkgconfig || true)
[ -z "$left" ] || fail "purge leaves: $left"
[ -s /etc/dialtone/vault/store.db ] && kept | diff /tmp/kept -
say "purged; /etc/dialtone, the data, is there"
