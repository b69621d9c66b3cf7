import { Component, type ReactNode } from 'react';

import { PageFailed } from '../ui/states';

/** Shows an error in place of what failed: around a page, so that the frame stays, and around the whole desk. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    return this.state.error === null ? this.props.children : <PageFailed error={this.state.error} />;
  }
}
