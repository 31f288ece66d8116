import type { Driver } from './driver.ts'
import {
  createEndpointRequest,
  createNetworkRequest,
  endpointName,
  externalRequest,
  isInternal,
  joinRequest,
} from './requests.ts'
import { idIn } from './fields.ts'
import type { Ipam } from './ipam/ipam.ts'
import { addressRequest, poolIdIn, poolRequest } from './ipam/requests.ts'
import type { Method, Methods } from './router.ts'

/** The methods of Docker's remote driver protocol (moby, daemon/libnetwork/docs/remote.md). */
export function methodsOf(driver: Driver, ipam: Ipam): Methods {
  const methods: Readonly<Record<string, Method>> = {
    'Plugin.Activate': { isBare: true, answer: () => ({ Implements: ['NetworkDriver', 'IpamDriver'] }) },
    'NetworkDriver.GetCapabilities': {
      isBare: true,
      // Another host knows nothing of a network unless it is made there, too.
      answer: () => ({ Scope: 'local', ConnectivityScope: 'local', GwAllocChecker: true }),
    },
    'NetworkDriver.GwAllocCheck': {
      // Nothing leads out of an internal network, so none of its addresses is lost to a gateway. Asked since engine 28.
      answer: (body) => ({ SkipIPv4: isInternal(body), SkipIPv6: isInternal(body) }),
    },
    'NetworkDriver.CreateNetwork': {
      answer: (body, signal) => driver.createNetwork(createNetworkRequest(body), signal),
    },
    'NetworkDriver.DeleteNetwork': {
      answer: (body, signal) => driver.deleteNetwork(idIn(body, 'NetworkID'), signal),
    },
    // Asked of drivers of the global scope, by a manager of a swarm.
    'NetworkDriver.AllocateNetwork': { answer: () => ({ Options: {} }) },
    'NetworkDriver.FreeNetwork': { answer: () => ({}) },
    'NetworkDriver.CreateEndpoint': {
      answer: (body, signal) => driver.createEndpoint(createEndpointRequest(body), signal),
    },
    'NetworkDriver.DeleteEndpoint': { answer: (body, signal) => driver.deleteEndpoint(endpointName(body), signal) },
    'NetworkDriver.EndpointOperInfo': { answer: (body) => driver.endpointOperInfo(endpointName(body)) },
    'NetworkDriver.Join': { answer: (body, signal) => driver.join(joinRequest(body), signal) },
    'NetworkDriver.Leave': { answer: (body) => (endpointName(body), driver.leave()) },
    // Which other hosts there are: `vxlan` says it.
    'NetworkDriver.DiscoverNew': { answer: () => ({}) },
    'NetworkDriver.DiscoverDelete': { answer: () => ({}) },
    'NetworkDriver.ProgramExternalConnectivity': {
      answer: (body, signal) => driver.programExternalConnectivity(externalRequest(body), signal),
    },
    'NetworkDriver.RevokeExternalConnectivity': {
      answer: (body, signal) => driver.revokeExternalConnectivity(endpointName(body), signal),
    },
    'IpamDriver.GetCapabilities': {
      isBare: true,
      // All that is to be known after a restart is in the networks themselves.
      answer: () => ({ RequiresMACAddress: false, RequiresRequestReplay: false }),
    },
    'IpamDriver.GetDefaultAddressSpaces': {
      isBare: true,
      answer: () => ({ LocalDefaultAddressSpace: 'ovsd', GlobalDefaultAddressSpace: 'ovsd-global' }),
    },
    'IpamDriver.RequestPool': { answer: (body, signal) => ipam.requestPool(poolRequest(body), signal) },
    'IpamDriver.ReleasePool': { answer: (body) => ipam.releasePool(poolIdIn(body)) },
    'IpamDriver.RequestAddress': { answer: (body, signal) => ipam.requestAddress(addressRequest(body), signal) },
    'IpamDriver.ReleaseAddress': { answer: (body, signal) => ipam.releaseAddress(addressRequest(body), signal) },
  }
  return new Map(Object.entries(methods))
}
