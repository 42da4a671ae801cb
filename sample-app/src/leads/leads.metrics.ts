import { defineCounter } from 'nestjs-monitoring';

export const leadsReceived = defineCounter('leads_received_total', 'Leads that came in.', {
  labelNames: ['source'],
});
export const leadsConverted = defineCounter('leads_converted_total', 'Leads that became a deal.', {
  labelNames: ['source'],
});
