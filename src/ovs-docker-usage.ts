/** What `ovs-docker --help` prints when it is ovsd. */
export const OVS_DOCKER_USAGE = `ovs-docker: attaches Docker containers to Open vSwitch (this is ovsd under another name).
usage: ovs-docker COMMAND

  add-port BRIDGE INTERFACE CONTAINER [--ipaddress=ADDRESS[/PREFIX]] [--gateway=IP]
           [--macaddress=MAC] [--mtu=N]     attach a new INTERFACE of CONTAINER to BRIDGE
  del-port BRIDGE INTERFACE CONTAINER       detach it again
  del-ports BRIDGE CONTAINER                detach all interfaces of CONTAINER
  set-vlan BRIDGE INTERFACE CONTAINER VLAN  make its port an access port of VLAN

Options:
  -h, --help                                this text

ovsd does more under its own name: ovsd --help
`
