import { Text } from '@mantine/core';

/** The name of a product with its size. */
export function nameWithSize(line: { product_name: string; size?: string | null }): string {
  return [line.product_name, line.size].filter(Boolean).join(' · ');
}

/** The name of a product with its size, and its SKU below. */
export function ProductCell({ line }: { line: { product_name: string; size: string | null; sku: string } }) {
  return (
    <div>
      <div>{nameWithSize(line)}</div>
      <Text size="xs" c="dimmed" className="code">
        {line.sku}
      </Text>
    </div>
  );
}
