import { Text } from '@mantine/core';

import { nameOfLine } from './document';

/** The name of a product with its size, and its SKU below. */
export function ProductCell({ line }: { line: { product_name: string; size: string | null; sku: string } }) {
  return (
    <div>
      <div>{nameOfLine(line)}</div>
      <Text size="xs" c="dimmed" className="code">
        {line.sku}
      </Text>
    </div>
  );
}
