// Made by `npm run docs` from man/ovsd-errors.7.

/** Of each error, by its code: what happened, why, and what to do; paragraphs. */
export const ERROR_ENTRIES: Readonly<Record<string, readonly string[]>> = {
  AddressInUse: [
    "An address that was asked for belongs to another interface on the same bridge and in the same VLAN, by the marks of that port, or to another logical port of the same logical switch; or, with --probe, somebody on the network answered for it. An external address also belongs to whoever answers for it on the host's interface, to the host itself, to what the host has a route or a proxy entry for, to each router that a route of the host goes by, and to whatever the host reaches at it on another interface. Choose another address, or detach its holder. ovsd list shows the addresses in use.",
  ],
  AlreadyAttached: [
    'The container has this interface already, and it works. Accept that with --may-exist, or detach it first.',
  ],
  AlreadyConnected: [
    'The container is in this network already, with another interface than the one that was asked for. ovsd net disconnect takes it out first.',
  ],
  AlreadyRunning: [
    'What is to follow labels (ovsd watch, ovsd daemon) or to serve Docker (ovsd plugin, ovsd daemon, the managed plugin) already runs on this host, or something else holds the name @ovsd.watch or @ovsd.driver. The message names the process when it can be found. One of each is enough for a host; end the other one first. Central is made or removed by one process at a time (@ovsd.central): ovsd ovn bootstrap, ovsd ovn teardown, or the driver, for a network with ovn.auto_create. Repeat the command when the other one has ended.',
  ],
  AmbiguousContainer: ['CONTAINER is the beginning of more than one id. Type more of the id, or the name.'],
  AttachedByOther: [
    'The interface that a label asks for is attached already, by hand or by another tool. It is left as it is. To have it replaced, detach it.',
  ],
  AttachedDifferently: [
    'With --may-exist: the interface is attached, but on another bridge, or with another VLAN, other addresses, gateways, routes, or another MAC or MTU. The message names what differs. Detach it first.',
  ],
  BadCall: [
    "Something else than a call of Docker's remote driver protocol came to the socket of ovsd-plugin(8), or a call without its body, as dockerd sends it after a broken connection. Repeat the docker command.",
  ],
  BadInput: [
    'A value is malformed: exit status 2. The message names the operand, option or variable, and next shows a good value. Nothing was looked at.',
  ],
  BadUsage: [
    'The command line is not one of ovsd: an option that does not exist, an option without its value, a value that is not in a list, an operand too few or too many, or an option given twice. The exit status is 2. See the command with --help.',
  ],
  BridgeDead: [
    'A bridge was to be created, and ovs-vswitchd cannot run the wanted datapath here; the kernel lacks the openvswitch module, for example. Ask for the other one with --datapath. ovs-vswitchd.log, in /var/log/openvswitch on Debian, has the reason.',
  ],
  BridgeMissing: [
    'A bridge that a physical network of OVN was to lead to is not there. Make it, with the NIC that leads there, and repeat the command.',
  ],
  BridgeNameTaken: [
    'The bridge does not exist, and cannot be created because the host has a link of that name, or a bridge of it has a port of that name.',
  ],
  BridgeOfOvn: [
    "A network of Open vSwitch alone was to be on the bridge that ovn-controller of this host works with (br-int, or what ovn-bridge of the external_ids of Open_vSwitch names). OVN's flows there know only logical ports and drop everything else. Choose another bridge, or make the network one on OVN with --switch (ovn.switch). Networks that were on the bridge before stay.",
  ],
  CentralBuildFailed: [
    "The image of OVN's central was not there, and could not be built. The message ends with what docker build said last; most often the host has no way to a Debian mirror. Build it on another host and bring it here with docker save and docker load, or name an image that has OVN to build it on.",
  ],
  CentralDataLost: [
    'This host has networks on OVN, and the databases that they are in are gone: the volume ovn-central is, or there are other databases in it. The message names the networks. New, empty databases would take them from every host, so none are made. Bring the volume back from a copy, or accept the loss with ovsd ovn bootstrap --restore.',
  ],
  CentralDiffers: [
    'There is a container ovn-central that ovsd made, but another network, address or image is wanted, or ports are published elsewhere, or somebody has given it privileges. The message names all that differs. Ask for what is there; or remove the container, whose databases stay in their volume, and repeat the command.',
  ],
  CentralElsewhere: [
    "The Docker engine that was named is reached over the network. Central's own network would be on that host, and not on this one. Make central there, and have this host join it.",
  ],
  CentralFilesMissing: [
    "The image of OVN's central has to be built, and the files for that are neither beside the program nor in share/ovsd/ovn-central. next says how they are installed.",
  ],
  CentralForeign: ['A container or a volume has the name ovn-central, and ovsd did not make it. It is not touched.'],
  CentralInUse: [
    'Hosts still belong to the central that was to be removed; this host may be one of them. Each of them leaves with ovsd ovn leave. --force removes it all the same: what is attached stays attached, but nothing can be changed any more.',
  ],
  CentralNetworkUnusable: [
    "The Docker network that was named for OVN's central cannot be used: it is no bridge network, has no IPv4 subnet, or somebody has the fifth address of that, which is central's. The message says which.",
  ],
  CentralNoSubnet: [
    "Of the subnets that are tried for the network of OVN's central, each is a part of another Docker network, or this host has addresses of it or a route to it. Make a network with another subnet, and name it.",
  ],
  CentralNotReady: [
    "The container of OVN's central runs, but within a minute its databases did not take changes, or it ended again and again. The message has the end of its log.",
  ],
  CentralSilent: [
    'A central is known, or was named, that is not at work: a database does not answer, or no ovn-northd works on them. No other one is put in its place. Start it where it is; ovsd ovn status tells what is missing.',
  ],
  CentralUnknown: [
    "Nothing says where OVN's databases are: no external_ids of the row Open_vSwitch, no OVN_NB_DB and OVN_SB_DB, and no socket of theirs on this host. ovsd ovn bootstrap makes a central; ovsd ovn join uses that of another host.",
  ],
  CentralUnreachable: [
    'A database of OVN does not answer, or no member of its cluster takes changes, ten seconds long. Nothing was changed there. ovsd ovn status tells which part of central is missing.',
  ],
  ChangeRefused: [
    'The northbound database refused a change, for a reason that is no conflict with somebody else. The message has its words.',
  ],
  ChangedMeanwhile: [
    'Somebody else changed the same thing in the northbound database, again and again, and was faster each time. Nothing was changed by this command; repeat it.',
  ],
  ChassisElsewhere: [
    'The host belongs to another central than the one that was named. A host has one central: leave that one first (ovsd ovn leave), or leave the name of central out.',
  ],
  ChassisInUse: [
    'Networks or ports of this host still need OVN. Remove the networks first; ovsd ovn leave --force leaves all the same.',
  ],
  ChassisMissing: [
    'The host is no chassis of OVN, or has lost br-int, and so cannot attach anything to a logical switch. ovsd ovn join makes it one, and puts back what is missing.',
  ],
  ChassisNotRegistered: [
    'ovn-controller was told of central, and half a minute later central does not know this host. The message says whether ovn-controller runs and is connected; its log says why: /var/log/ovn/ovn-controller.log.',
  ],
  ChassisTaken: [
    'Central knows another host by the name of this one. A copied machine needs a name of its own; if the other host is gone, its chassis can be deleted. The message tells which host it is, and both commands.',
  ],
  ChassisUnsupported: [
    'Somebody has set up OVN on this host in a way that ovsd does not: with another integration bridge than br-int, another encapsulation than geneve and vxlan, or several addresses for tunnels. The message says which.',
  ],
  CommandFailed: [
    "A tool such as ip, ovs-vsctl or ethtool could not be started, ended with a failure, or was ended by a signal. The message has the whole command and the tool's own words. ovs-vsctl ended by SIGALRM means that ovs-vswitchd did not take up the change within 8 seconds: see that it runs. Run the command with --verbose to see every tool and its time.",
  ],
  ContainerMissing: [
    "The Docker engine knows no container of this name or id. See docker ps -a. For a namespace that is no container's, use --netns or --pid.",
  ],
  ContainerNotRunning: [
    'The container exists, but has no process, and so no network to put an interface into; or it stopped or restarted while ovsd was looking at it. Start it, and try again.',
  ],
  DatabaseNotOfHost: [
    "--db names another database than this host's, and the network has a gateway or an uplink. Those are in the kernel of the host that the database belongs to; made or removed here, they would be taken from the networks of this host. Do it there, without --db.",
  ],
  DatabaseRefused: [
    "Something that speaks the protocol of Open vSwitch's database answers, but not as asked; mostly because it serves another database. Check --db, OVSD_DB and OVS_RUNDIR.",
  ],
  DatabaseUnreachable: [
    'The Open vSwitch database does not answer: its server does not run, its socket may not be opened (are you root?), or it gave no answer within 10 seconds. Start it, or name another one with --db.',
  ],
  DockerRefused: [
    'The Docker engine answered a question with an error of its own, which the message quotes. Its log has more.',
  ],
  DockerUnreachable: [
    'The Docker engine does not answer: it does not run, its socket may not be opened (are you root?), or it gave no answer within 10 seconds. Start it, or name another one with --docker or DOCKER_HOST. del-port, del-ports, set-vlan, list and show do without an engine; add-port does with --netns or --pid.',
  ],
  EncapDiffers: [
    'A network was asked for with another encapsulation, or another address of its tunnels, than this host has. Both belong to the host, not to one network: ovsd ovn join changes them.',
  ],
  EncapTaken: [
    'Another chassis has the address that tunnels to this host were to lead to. OVN would not register this host, and say so only in a log. Choose another address with --encap-ip, or delete the chassis if its host is gone.',
  ],
  EndpointDiffers: [
    'Docker asks for an endpoint that is there already, with other addresses, another MAC, or in another network. Nothing was changed. When Docker has no such endpoint, remove the port that the message names.',
  ],
  EndpointMissing: [
    'Docker speaks of an endpoint of which there is no port. Somebody has removed it; a container that is started again gets another one.',
  ],
  EndpointOfDocker: [
    'The interface was put into the network by Docker, which would go on believing that it is there as it was. Take it out with docker network disconnect.',
  ],
  ExpectationsInvalid: [
    'The file of ovsd check --file does not say what it could say, or expects nothing. The message names the line. ovsd-expectations(5) describes it.',
  ],
  ExpectationsUnread: ['The file of ovsd check --file is not there, is no regular file, or cannot be read.'],
  ExportInvalid: [
    'The file is no export that ovsd state import could use: it was cut short or changed, belongs to another version, or describes networks that cannot be together. Nothing of it is used. The exit status is 2.',
  ],
  ExportUnreadable: ['The file that was to be imported is not there, cannot be read, or is not a regular file.'],
  ExternalInterfaceMissing: [
    'The host has no interface of the name that an external address is to be reached on. See which there are (ip -brief link).',
  ],
  ExternalInterfaceUnfit: [
    'An external address cannot be reached on this interface of the host: it is down or the loopback, it has no ARP, it is the port of a container, or it belongs to a bridge or a bond, which then is the one to name. Or the address is in none of its networks: then it needs a gateway, that of the router which leads it to this host.',
  ],
  HostAddressMissing: [
    'A port was to be published at an address that the host has not (docker run --publish 192.0.2.1:8080:80). See which it has (ip -brief address show), or name none: then the port is published at all of them.',
  ],
  HostNetwork: [
    "The container uses the network of the host, or the namespace that was named is the host's own. There is nothing to attach. Start the container with a network of its own, for example with --network none.",
  ],
  HostPortInUse: [
    'A port of the host at which a port of a container was to be published (docker run --publish 8080:80) is taken, or all of a range are. The message says by whom: a program of the host that listens there, or another container, whose port ovsd list shows. Publish it at another port, or let the driver choose a free one (docker run --publish 80).',
  ],
  ImportConflict: [
    'Something that the database has lost cannot be put back: another network has its segment, or the name of its bridge belongs to something else. Nothing was changed; the message names each one. Make room for it, or leave a network out with --except.',
  ],
  InterfaceExists: [
    'There is an interface of this name inside the container, and ovsd did not make it. Choose another name.',
  ],
  Interrupted: [
    'SIGINT or SIGTERM arrived. What had been done was undone. The exit status is 129, 130 or 143, or 3 when something is left.',
  ],
  KeptByWatch: [
    'The port was made by ovsd watch because labels of its container ask for it; they say its VLAN, which is kept so. Create the container anew with other labels.',
  ],
  LabelConflict: [
    'Labels of a container contradict each other: the same thing is said twice with different values, two interfaces want one address on the same bridge, or there are more than 32 interfaces. The interface that the message names is not attached; the others are.',
  ],
  LinkNameTaken: [
    "The host has a link with the name that the new port needs, and it does not carry ovsd's alias. The name is derived from the container and the interface. See what the link is (ip -details link show dev NAME), and rename or delete it. It is also said when a tool of a run that was killed has created the interface at that very moment: then repeat the command.",
  ],
  ListenFailed: [
    'Metrics or health cannot be served at the address that was given. The port is taken, the host does not have the address, the folder of the socket is missing, or something is at the path of the socket that ovsd did not leave there. The message says which.',
  ],
  ListenTaken: [
    'A database of OVN listens at that address and port already, with certificates or without them, and was to listen otherwise. It would go on with what it has. The message has the command that takes the other way away.',
  ],
  LockFailed: [
    'The lock could neither be taken nor waited for, because the kernel refused the socket. The message quotes the kernel.',
  ],
  LockHeld: [
    'Another run of ovsd was still at work on this host when the time given with --timeout was up, or something else holds the lock: the message names the process, where that is to be seen. ss -xlp shows the holder of @ovsd.lock. A daemon that had other work itself says which.',
  ],
  LogicalPortExists: [
    'There is a logical port of that name already, of another network. If nothing needs it, delete it: ovn-nbctl lsp-del.',
  ],
  LogicalPortGone: [
    'The logical port was removed by somebody while it was being given to a new life of its container. Repeat the command.',
  ],
  LogicalSwitchGone: [
    'The logical switch of the network was removed, or belongs to another network now. ovsd net create with the settings that the network had puts it back, and so does ovsd watch.',
  ],
  MirrorBridgeUnclear: [
    'What is to be mirrored and who is to get the copies have no bridge in common, or more than one. A mirror is of one bridge: --bridge says which.',
  ],
  MirrorDestInUse: [
    "The port that is to get the copies has an address, is in a network, belongs to another tool, or is a bridge's own. Open vSwitch gives whoever gets copies nothing else, and drops what comes from there. Give the container an interface of its own for them, without addresses, or, where that is meant, use --force.",
  ],
  MirrorDestUnfit: [
    'No tunnel can lead there: there is no route, or it leads over the bridge that is mirrored, or the userspace datapath has no bridge in that direction.',
  ],
  MirrorDiffers: [
    'There is a mirror of that name, and --may-exist is not content with it, because it has other settings. The message names them.',
  ],
  MirrorEndAmbiguous: [
    'A name is a container and a port, or the container has several ports and one has to get the copies. The message shows what can be typed.',
  ],
  MirrorEndMissing: ['There is no such port, and no container of that name has one on a bridge. Attach it first.'],
  MirrorExists: ['There is a mirror of that name already.'],
  MirrorFailed: [
    'The database has the mirror, but ovs-vswitchd cannot use its tunnel, or ports of it vanished meanwhile. It was undone.',
  ],
  MirrorForeign: ['A mirror of that name is there which ovsd did not make: it is neither changed nor removed.'],
  MirrorMissing: ['There is no mirror of that name.'],
  MirrorOfNetwork: ['The mirror belongs to a network, and goes with it.'],
  MirrorToItself: ['Whoever is to get the copies is a source, too. Name the interfaces that are copied.'],
  NameTaken: [
    'The name that was given together with --netns or --pid already stands for another network namespace, which still exists and has this interface attached. Give the second one another name.',
  ],
  NamespaceMissing: [
    'The network namespace of the container, or the one named with --netns or --pid, is not there, or the path is something else than a network namespace.',
  ],
  NeedsOvn: [
    'An option of a network means something on OVN only. Leave it out, or name a logical switch. Or Docker asks a driver for a network that is not on OVN, which was started with --require-ovn.',
  ],
  NetworkDamaged: [
    'Somebody has changed the record of the network on its Bridge row, and it cannot be read any more. The message names the bridge. Once nothing is in the network, ovs-vsctl remove Bridge takes its key out of external_ids, and it can be made anew.',
  ],
  NetworkDiffers: [
    'With --may-exist: there is a network of that name, but other settings were asked for than it has; the message names them.',
  ],
  NetworkExists: [
    'There is a network of that name already. Accept that with --may-exist if its settings are the same.',
  ],
  NetworkInUse: [
    'Containers are in the network, or will be again when they start; the message names them. Disconnect them first, or use --force.',
  ],
  NetworkIncomplete: [
    'There is a network of that name already, and something that it was made with is gone, which it cannot be made whole without: the transit network that its router was joined to. Make that again, or this network anew, without it.',
  ],
  NetworkMissing: [
    'There is no network of that name; ovsd net ls lists those that there are. An interface whose label names it is attached as soon as it is there.',
  ],
  NetworkOfDocker: [
    'The network was made by docker network create, and Docker would go on using it. Remove it with docker network rm; when Docker has it no more, --force removes it.',
  ],
  NoLease: [
    'The interface got no address by DHCP, and its attachment was undone. Either no server answered within 10 seconds, or what it gave is no address for a container. Check that a server is in that network, and in that VLAN.',
  ],
  NorthdMissing: [
    'Both databases of central answer, but no ovn-northd is at work: what is written there would never be carried out. Start it where central is.',
  ],
  NotConnected: ['The container is not in this network. ovsd net inspect shows who is.'],
  NotOnThisHost: [
    "The engine is reached over the network, and the process that it names is not the container's on this host. Run ovsd on the host of the container.",
  ],
  NotOurChassis: [
    'The host is a chassis, but somebody else made it one: ovsd ovn leave takes back only what ovsd did. The message has the commands for doing it by hand.',
  ],
  NotPermitted: ['ovsd runs without CAP_NET_ADMIN or CAP_SYS_ADMIN, and refused to begin a change. Run it as root.'],
  PartOfNetwork: [
    'The interface belongs to a network, which says its VLAN. Take it out of the network first: ovsd net disconnect.',
  ],
  PhysnetUnknown: [
    'A transit network was to lead out, and this host does not say which bridge leads there, or says so of several. ovsd ovn join --bridge-mapping says it; --physnet chooses one of several.',
  ],
  PlainTcp: [
    "A connection to OVN's databases would leave this host without encryption and without any proof of who is at its other end. Use ssl with certificates, or say --insecure.",
  ],
  PolicyInvalid: [
    'The policy file is malformed: exit status 2. The message has the line, and next an example. The rules are in ovsd-policy(5).',
  ],
  PolicyRefused: [
    'A rule of the policy file forbids what was asked for. The message has the label, or the option of the network, the rule, and what the rule allows; built-in stands before a rule that is not in the file and has its default. Who may decide that changes the file and has it read again with SIGHUP; see ovsd-policy(5).',
  ],
  PolicyUnreadable: ['A policy file that was named, or that was used so far, does not exist or cannot be read.'],
  PolicyUnsafe: [
    'The policy file is not used because somebody else than root could have written it: it has another owner, others can write it, it is a symbolic link or no regular file, or it is larger than 1 MiB.',
  ],
  PoolExhausted: [
    'Every address of the network, or of its range, is in use. ovsd gc releases those of containers that were removed.',
  ],
  PortElsewhere: [
    'The port is on another bridge than the one that was named. The message says on which; name that one.',
  ],
  PortFailed: [
    'The port was written into the database, but ovs-vswitchd could not use its device, or somebody removed the port in the same moment. It was taken out again. See ovs-vswitchd.log.',
  ],
  PortMissing: ['This interface of this container is attached nowhere. ovsd list shows what is.'],
  PortMoved: [
    'The port of an interface that a label asks for is on another bridge than the label says: somebody has moved it. It is reported, and left there.',
  ],
  PortNotUp: [
    'A logical port did not come up within 15 seconds, and everything was undone. The message says what is known: nobody claims it, another chassis has it, or ovn-northd is not at work.',
  ],
  PortsNotPublished: [
    'A container was to have ports published (docker run --publish) in a network of ovsd-plugin(8) where the host cannot lead anybody to it: the host has no address in networks of other modes than nat, nor in those on OVN; the container has no address of the IP version that was asked for; or the address of the host is ::1, from which Linux leads nothing to others. The message says which. For networks of other modes Docker asks only when the container has its default route by one, as when an earlier ovsd started it: otherwise they are passed over, see ovsd-plugin(8). Leave out --publish, or use a network of mode nat.',
  ],
  ReportUnwritten: ['The file of --junit cannot be written. What was found is not lost by that: --json prints it.'],
  RootlessEngine: [
    'ovsd watch was led to an engine that an ordinary user runs. What it answers decides into which namespaces ovsd goes, as root: it is not followed. Its containers can be attached by hand, with ovsd-add-port(8).',
  ],
  RouterAdvertised: [
    'The network has IPv6 and a gateway on the host, so the host has to forward IPv6, and then the kernel drops the routes that it has learnt from router advertisements. Nothing was changed. With accept_ra=2 for that interface, which the message shows, it keeps them.',
  ],
  RouterForeign: [
    'There is a logical router of the name that was asked for, and ovsd has not made it for networks. It is left as it is; choose another name with --router.',
  ],
  SegmentTaken: [
    'The VLAN of the bridge belongs to another network, or all of them do. Or a container that is of no network, or of another tenant, is in the VLAN that was asked for already, or will be again when it starts (add-port --persist): --force joins it. No two networks share a VLAN; without --vlan a free one is chosen.',
  ],
  SettingsInvalid: [
    'The settings file is malformed, or has a setting that does not exist: exit status 2. The message has the line. A setting with a malformed value is BadInput.',
  ],
  SettingsUnreadable: ['A settings file that was named does not exist or cannot be read.'],
  SettingsUnsafe: ['The settings file is not used, for the same reasons as with PolicyUnsafe.'],
  SharedNetwork: [
    'The container uses the network of another one (--network container:NAME). Attach the other one; both then have the interface.',
  ],
  StateDamaged: [
    "A file of the store cannot be used: it was cut short or changed, belongs to another version of ovsd, or is not root's alone; and OVSD_RECOVERY_MODE says strict. Put it aside. The copies of networks are written again by ovsd state import.",
  ],
  StateNameInvalid: [
    'Something has an id that can be no file of the store. Ids of networks and endpoints are 64 hexadecimal digits.',
  ],
  StateUnreadable: ['The folder of the store is there, and cannot be read. The message has the words of the system.'],
  StateUnsafe: [
    'The folder of the store is not used: it is a link, or no folder; it belongs to somebody else than root; or others can write to it, or to a folder above it. The message says which, and what to type.',
  ],
  StateUnwritable: [
    'A file of the store, or an export, cannot be written: the disk is full or read-only, for example. What belongs to the same change was undone.',
  ],
  SubnetOnHost: [
    'The subnet of a network with a gateway on the host has an address that the host has already, or to which it has a route. --force makes the network all the same.',
  ],
  SubnetOverlaps: [
    "Another network with a gateway on this host has a part of the subnet: the host could not tell where an answer goes. Networks of mode l2 or flat may have the same subnet. A network of Docker's that docker network ls does not show any more is removed with ovsd net rm --force.",
  ],
  SubnetTwice: [
    'The container has an interface in a subnet of the network already, in another network or by add-port. The kernel would send by one of the two whatever is meant for either. Detach that one first.',
  ],
  SwitchAmbiguous: ['Several logical switches have the name that was asked for. Choose another one with --switch.'],
  SwitchForeign: [
    'There is a logical switch of the name that was asked for, and ovsd has not made it. It is left as it is; choose another name with --switch.',
  ],
  SwitchSilent: [
    'The database took the change, but ovs-vswitchd has not looked at it. See that it runs, or restart it.',
  ],
  TearDownIncomplete: [
    'Something could not be removed, although everything else was; or the command was interrupted. The message names what is left, each with the reason. The exit status is 3. Remove the cause, then run ovsd gc.',
  ],
  TenantDiffers: [
    'The logical router belongs to another tenant than the network that was to be joined to it. Choose another router; routers of several tenants are joined by a transit network.',
  ],
  TimedOut: ['The command was not finished within --timeout. What had been done was undone.'],
  TlsDiffers: [
    'Open vSwitch on this host, or a database of OVN that is to listen, uses other files for ssl than those that were given. Leave the options out, or change what is used; the message has the command. Whoever uses the files that are there would be locked out by others.',
  ],
  TlsFileUnusable: [
    "A private key or a certificate for connections to OVN's databases could not be read, or the files do not belong together. The message names the file, and what is wrong with it.",
  ],
  ToolMissing: [
    'A tool that the plan needs is not on PATH. This is found out before anything is changed. next names the Debian package.',
  ],
  TransitMissing: [
    'There is no transit network of that name in this cloud. Make it first: ovsd net create NAME --role transit.',
  ],
  TransitSubnetMissing: [
    'A network has a subnet of an IP version of which the transit network has none, so that it could not be reached by it. Leave that subnet out, or make the transit network with one of each.',
  ],
  TunnelFailed: [
    'ovs-vswitchd took up a tunnel of the network and cannot run it; the message has its words. What had been done was undone.',
  ],
  TunnelImpossible: [
    "The host cannot send a tunnel to one of the addresses of --vxlan: it is the host's own, there is no route to it, or the route leads through the very bridge of the network. On a bridge that runs in user space (datapath_type=netdev) the route has to lead over a port of Open vSwitch that has the host's address, because Open vSwitch hands nothing to the kernel there: give the NIC to a bridge of its own, and its addresses to that bridge.",
  ],
  TunnelMtu: [
    "Packets of the network's MTU do not fit into its tunnels, which take 50 bytes of each over IPv4 and 70 over IPv6. The message names the largest that fits.",
  ],
  TunnelTaken: [
    "Another network of this host, or a port of somebody else, has a tunnel to the same address with the same key, or the port's name. Open vSwitch could not tell them apart.",
  ],
  Unexpected: [
    'Something happened that ovsd has no word for; it may be a defect. Run it with DEBUG=1 in the environment to see where it happened, and please report it.',
  ],
  UnknownCommand: [
    'There is no such command, or an option stands before it. The exit status is 2. ovsd --help lists the commands.',
  ],
  UnknownLabel: [
    'A label that begins with ovs. is none that ovsd knows; most often it is misspelt, and the message names the one that was meant. The interface that it is about is not attached, because what is left might not be what was wanted.',
  ],
  UplinkMissing: ['This host has no NIC of the name that --uplink gives.'],
  UplinkMtu: ['The NIC has a smaller MTU than the network. Enlarge the one, or lessen the other with --mtu.'],
  UplinkTaken: ['The NIC belongs to a bond, to another bridge, or to a network on another bridge.'],
  UplinkUnfit: [
    "What --uplink names can never be an uplink: the loopback, something that is not Ethernet, a bridge's own port, or the end of a pair that ovsd made for a container.",
  ],
  UplinkUnmovable: [
    "The NIC was to be taken with --force, and what the host has on it cannot be moved to the bridge: an IPv4 address that is a lease, a route that leads several ways at once, or more routes than a server has; or the bridge has a MAC or an MTU that somebody gave it, and the NIC's would have to take their place. The message says what to do.",
  ],
  UplinkUnsafe: [
    'The host itself is reached by the NIC: a default route leads out by it, it has addresses, or the ssh session that asks comes in by it; or it is wireless. With --force, addresses and routes are moved to the bridge, and moved back when the network is removed. With --confirm-within they are moved back by themselves unless ovsd net confirm comes in time.',
  ],
  UplinkVlan: [
    "The NIC does not carry the network's VLAN: somebody else put it on the bridge with other VLANs, which ovsd leaves alone, or a VLAN device of the host takes these frames. The message says what to type.",
  ],
  WatchdogFailed: [
    'The process that would take a network back after --confirm-within does not start, or does not find the network. Nothing was made.',
  ],
}
