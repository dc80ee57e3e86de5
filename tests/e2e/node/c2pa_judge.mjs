import { readFile } from 'node:fs/promises';
import { BMFF, JPEG, MP3, PNG } from '@trustnxt/c2pa-ts/asset';
import { SuperBox } from '@trustnxt/c2pa-ts/jumbf';
import { ManifestStore } from '@trustnxt/c2pa-ts/manifest';

// One line a file: whether it is valid for c2pa-ts (which does not check chains of trust), and why not.
for (const path of process.argv.slice(2)) {
  const bytes = new Uint8Array(await readFile(path));
  try {
    const Kind = [JPEG, PNG, BMFF, MP3].find((one) => one && one.canRead(bytes));
    if (!Kind) throw new Error('unknown format');
    const asset = await (Kind.create ? Kind.create(bytes) : new Kind(bytes));
    const jumbf = asset.getManifestJUMBF();
    if (!jumbf) throw new Error('no manifest');
    const store = ManifestStore.read(SuperBox.fromBuffer(jumbf));
    const result = await store.validate(asset);
    console.log(JSON.stringify({ path, valid: result.isValid, failures: (result.statusEntries ?? []).filter((e) => !e.success).map((e) => e.code) }));
  } catch (error) {
    console.log(JSON.stringify({ path, valid: null, failures: [String(error)] }));
  }
}
