import { fileURLToPath } from 'node:url';

/** The folder of this module. */
export const MODULE_FOLDER = fileURLToPath(new URL('.', import.meta.url));
