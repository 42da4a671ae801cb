import type { FleetInstance } from '../../../lib/dashboard/fleet/fleet-instances.js';

/** Returns an instance of a fleet that is up. */
export function fleetInstance(name: string, own: Partial<FleetInstance> = {}): FleetInstance {
  return { name, job: 'shop', isUp: true, isThis: false, figures: {}, outliers: [], ...own };
}
