#!/bin/bash
# An exported playbook, run by Ansible with community.libvirt against a real libvirtd: it makes a
# plan so, virsh and the kernel say that it is so, a second run does no harm, and its way back
# leaves the domain as it was. Skipped where Ansible, the collection or what it needs is not there.
. "$(dirname "$0")/private.sh"
. "$(dirname "$0")/exported.sh"
command -v ansible-playbook >/dev/null || skip_all "needs ansible-playbook"
# The Python that Ansible itself runs with, as for a host of the name localhost.
python=$(sed -n '1s/^#! *\([^ ]*\).*/\1/p' "$(command -v ansible-playbook)")
"$python" -c 'import libvirt, lxml.etree' 2>/dev/null || skip_all "$python has no libvirt or lxml: community.libvirt needs them"
export HOME=$work LC_ALL=C.UTF-8 ANSIBLE_LOCALHOST_WARNING=0 ANSIBLE_NOCOLOR=1 ANSIBLE_LOCAL_TEMP=$work/ansible ANSIBLE_REMOTE_TEMP=$work/ansible
timeout 60 ansible-doc -t module community.libvirt.virt >/dev/null 2>&1 || skip_all "needs Ansible's collection community.libvirt"

# What Jinja, YAML and a shell would each take for their own.
exported_begin "" "<title>{{ 1 + 1 }} {% raw %} \$(id) \`id\` é: #\"'</title>"
exported_plan
# play [OPTIONS]: as root already, so without sudo
play() {
    timeout 120 ansible-playbook -i localhost, -c local -e ansible_become=false \
        -e "ansible_python_interpreter=$python" "$@" plan.yml
}
exits 0 "the plan becomes a playbook" "$kvmtune" -c "$uri" export web.plan --format ansible
printf '%s\n' "$output" >plan.yml
exits 0 "which Ansible can read" play --syntax-check
exits 5 "nothing of the plan stands yet" "$kvmtune" -c "$uri" diff web.plan
exits 0 "the playbook runs" play
is "$(v desc "$name" --title --config)" "$(v desc "$name" --title --live)" "the title came through as it was"
exported_stands
exits 0 "the way back runs" play --tags back
exported_back
v destroy "$name" >/dev/null
finish
