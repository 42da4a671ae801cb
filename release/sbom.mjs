/**
 * Prints the software bill of materials of the package, in CycloneDX 1.5: the package, and what npm installs with it. Peers
 * are of the application, which has them in a bill of its own. The output depends on package.json and package-lock.json only.
 *
 *     node release/sbom.mjs >sbom.cdx.json
 */
import { LockedPackages } from './locked-packages.mjs';

const locked = new LockedPackages();
const { manifest } = locked;
const components = locked.closureOf(Object.keys(manifest.dependencies));
const purls = new Map(components.map((each) => [each.path, purlOf(each)]));

const bom = {
  $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: {
    lifecycles: [{ phase: 'build' }],
    component: { ...componentOf(manifest), description: manifest.description },
  },
  components: components.map((each) => ({
    ...componentOf(each),
    scope: 'required',
    hashes: hashesOf(each),
  })),
  dependencies: [
    { ref: purlOf(manifest), dependsOn: Object.keys(manifest.dependencies).toSorted().map(directPurl) },
    ...components.map((each) => ({
      ref: purlOf(each),
      dependsOn: each.dependencies.map((path) => purls.get(path)),
    })),
  ],
};
console.log(JSON.stringify(bom, undefined, 2));

function componentOf({ name, version, license }) {
  const [first, rest] = name.split('/');
  return {
    type: 'library',
    'bom-ref': purlOf({ name, version }),
    ...(rest === undefined ? { name } : { group: first, name: rest }),
    version,
    licenses: [/^[\w.-]+$/.test(license) ? { license: { id: license } } : { expression: license }],
    purl: purlOf({ name, version }),
  };
}

/** The name of a package for every tool: https://github.com/package-url/purl-spec. */
function purlOf({ name, version }) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function directPurl(name) {
  return purls.get(`node_modules/${name}`);
}

/** @returns the digests of the tarball that npm compares */
function hashesOf({ integrity = '' }) {
  return integrity.split(' ').map((each) => {
    const [algorithm, digest] = each.split('-');
    return {
      alg: algorithm.replace('sha', 'SHA-'),
      content: Buffer.from(digest, 'base64').toString('hex'),
    };
  });
}
