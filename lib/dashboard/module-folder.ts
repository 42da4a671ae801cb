import { fileURLToPath } from 'node:url';

/** The folder that contains this module. */
export const MODULE_FOLDER = fileURLToPath(new URL('.', import.meta.url));
