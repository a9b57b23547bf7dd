import { spawnSync } from "node:child_process"
import { quietly, step } from "./Steps.mjs"

const succeeds = (command, ...args) => spawnSync(command, args, { stdio: "ignore" }).status === 0

/** The words to put before a command to run it as root without asking anybody; undefined when that is not possible. */
const asRoot = () => {
  if (process.getuid?.() === 0) return []
  return succeeds("sudo", "-n", "true") ? ["sudo", "-n"] : undefined
}

/**
 * Installs without questions, and starts no server: services may not start while this runs (unless the machine has its own policy),
 * and the postgresql package makes no database cluster.
 */
const script = `
set -eu
export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
  chmod +x /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
case " $* " in *" postgresql "*)
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
  fi
esac
options='-q -y --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold'
apt-get -q update
apt-get $options install "$@"
`

/** Whether this process can install Debian packages by itself. */
export const canInstall = () => succeeds("apt-get", "--version") && asRoot() !== undefined

/** @param {ReadonlyArray<string>} packages */
export const install = (packages) => {
  const [command, ...args] = [...(asRoot() ?? []), "sh", "-c", script, "install", ...packages]
  return step(`Debian packages (${packages.length}: ${packages.join(" ")})`, () => quietly(command, args))
}
