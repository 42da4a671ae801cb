/**
 * The part of an ES module by which its process ends in the middle of the next write to a file, once the variable `dies` is
 * true: a kill from outside may miss every write.
 */
export const MAY_DIE_IN_WRITE = `
    let dies = false;
    const handle = await (await import('node:fs/promises')).open(process.execPath);
    const { writeFile } = Object.getPrototypeOf(handle);
    Object.getPrototypeOf(handle).writeFile = async function (piece) {
      if (!dies) return writeFile.call(this, piece);
      await writeFile.call(this, piece.slice(0, piece.length / 2));
      process.kill(process.pid, 'SIGKILL');
    };
    await handle.close();
`;
