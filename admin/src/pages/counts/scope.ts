import type { Schemas } from '../../api/client';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';

const t = texts.counts;

/** What a count covers, in words. */
export function useScopeText(): (scope: Schemas['CountScope']) => string {
  const { quantity, day } = useFormats();
  return (scope) => {
    if (scope.category) return t.scopeOfCategory(scope.category);
    if (scope.products) return t.scopeOfProducts(quantity(scope.products.length), scope.products.length);
    if (scope.under_minimum) return t.scopes.under_minimum;
    if (scope.not_counted_since) return t.scopeSince(day(scope.not_counted_since));
    return t.scopes.all;
  };
}
