export type { BlockStack, EventLoopBlock } from './diagnostics/blocked-loop/event-loop-block.js';
export { EventLoopBlocks } from './diagnostics/blocked-loop/event-loop-blocks.js';
export type { BlockedLoopOptions, DiagnosticsOptions } from './diagnostics/diagnostics.options.js';
export {
  type Profile,
  type ProfileContent,
  ProfileError,
  type ProfileFormat,
  type ProfileKind,
  type ProfileRefusal,
  type ProfileRequest,
} from './diagnostics/profiles/profile.js';
export { Profiles } from './diagnostics/profiles/profiles.js';
export type { ProfilesOptions } from './diagnostics/profiles/profiles.options.js';
