/** Returns false under a permission model without the inspector, where Node aborts the process of a thread that connects. */
export function mayInspect(): boolean {
  const { permission } = process;
  // Undefined without a permission model, in spite of its type.
  return (permission as typeof permission | undefined)?.has('inspector') !== false;
}
