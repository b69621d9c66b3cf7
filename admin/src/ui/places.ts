import { texts } from '../texts';
import { useLocations } from './pickers';

/** The name of a place. A place that the account may not see is shown by its id. */
export function useLocationName(): (id: number | null | undefined) => string {
  const locations = useLocations();
  return (id) => {
    if (id === null || id === undefined) return texts.common.noValue;
    return locations.find((one) => one.id === id)?.name ?? texts.common.locationOf(String(id));
  };
}
