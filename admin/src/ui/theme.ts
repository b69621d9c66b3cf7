import {
  createTheme,
  defaultVariantColorsResolver,
  parseThemeColor,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';

import { texts } from '../texts';

/** Violet-blue: readable in white at 6 and above, and as text on dark at 3. */
const indigo: MantineColorsTuple = [
  '#eef2ff', '#e0e7ff', '#c7d2fe', '#a5b4fc', '#818cf8', '#6366f1', '#4f46e5', '#4338ca', '#3730a3', '#312e81',
];

/** The greys of the dark scheme: text at 0, the page at 7 and 8, lines at 4. */
const dark: MantineColorsTuple = [
  '#e6e8ee', '#c4c8d2', '#a1a7b5', '#6d7484', '#353b49', '#2a2f3b', '#20242e', '#171a22', '#11141a', '#0c0e13',
];

/** Amber, whose darkest shade is readable on its lightest. Mantine's yellow is not. */
const yellow: MantineColorsTuple = [
  '#fff8e6', '#ffefc7', '#ffe08f', '#ffcf55', '#f9bb2b', '#e6a20f', '#b97b07', '#925f08', '#774c0c', '#633f0e',
];

const gray: MantineColorsTuple = [
  '#f8fafc', '#f1f4f8', '#e4e9f0', '#d5dce5', '#b6c0cd', '#8390a2', '#5f6b7c', '#4a5565', '#333d4b', '#1d2530',
];

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 6, dark: 6 },
  colors: { indigo, dark, gray, yellow },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, monospace",
  fontSizes: { xs: '0.75rem', sm: '0.84375rem', md: '0.9375rem', lg: '1.0625rem', xl: '1.25rem' },
  headings: {
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '1.375rem', lineHeight: '1.3' },
      h2: { fontSize: '1.0625rem', lineHeight: '1.4' },
      h3: { fontSize: '0.9375rem', lineHeight: '1.4' },
    },
  },
  defaultRadius: 'md',
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '12px', xl: '20px' },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  // The light variant of Mantine has too little contrast for small text.
  variantColorResolver: (input) => {
    const resolved = defaultVariantColorsResolver(input);
    const color = parseThemeColor({ color: input.color || input.theme.primaryColor, theme: input.theme });
    if (!color.isThemeColor) return resolved;
    const { color: name } = color;
    const readable = `light-dark(var(--mantine-color-${name}-9), var(--mantine-color-${name}-2))`;
    if (input.variant === 'light') {
      return {
        ...resolved,
        background: `light-dark(var(--mantine-color-${name}-0), color-mix(in srgb, var(--mantine-color-${name}-7) 26%, transparent))`,
        hover: `light-dark(var(--mantine-color-${name}-1), color-mix(in srgb, var(--mantine-color-${name}-7) 38%, transparent))`,
        color: readable,
        border: '1px solid transparent',
      };
    }
    // White on Mantine's red has too little contrast.
    if (input.variant === 'filled' && name === 'red') {
      return { ...resolved, background: 'var(--mantine-color-red-9)', hover: 'var(--mantine-color-red-8)', color: '#fff' };
    }
    if (input.variant === 'subtle' || input.variant === 'transparent' || input.variant === 'outline') {
      return { ...resolved, color: `light-dark(var(--mantine-color-${name}-8), var(--mantine-color-${name}-3))` };
    }
    return resolved;
  },
  components: {
    Button: { defaultProps: { size: 'sm' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 'lg' } },
    Anchor: { defaultProps: { underline: 'hover' } },
    TextInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', allowDeselect: false, checkIconPosition: 'right' } },
    NumberInput: { defaultProps: { size: 'sm' } },
    Badge: { defaultProps: { variant: 'light', radius: 'sm', tt: 'none', fw: 550 } },
    Modal: {
      defaultProps: {
        radius: 'lg',
        overlayProps: { backgroundOpacity: 0.5 },
        closeButtonProps: { 'aria-label': texts.common.close },
        // Its header is not that of the page.
        attributes: { header: { role: 'presentation' } },
      },
    },
    // Without the placeholder, the first item has the focus, and a menu holds nothing but items.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    Skeleton: { defaultProps: { radius: 'sm' } },
  },
});

/** Colours of Mantine whose contrast is under 4.5:1 (WCAG 2.2 AA), in both schemes. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': 'var(--mantine-color-gray-9)',
    '--mantine-color-dimmed': 'var(--mantine-color-gray-6)',
    '--mantine-color-placeholder': '#646f7f',
    '--mantine-color-error': '#b42318',
    '--mantine-color-anchor': 'var(--mantine-color-indigo-7)',
    '--mantine-color-default-border': 'var(--mantine-color-gray-3)',
    '--desk-page': 'var(--mantine-color-gray-0)',
    '--desk-surface': '#ffffff',
    '--desk-line': 'var(--mantine-color-gray-2)',
    '--desk-hover': 'var(--mantine-color-gray-1)',
    '--desk-shadow': '0 1px 2px rgb(16 24 40 / 5%)',
  },
  dark: {
    '--mantine-color-body': 'var(--mantine-color-dark-7)',
    '--mantine-color-text': 'var(--mantine-color-dark-0)',
    '--mantine-color-dimmed': 'var(--mantine-color-dark-2)',
    '--mantine-color-placeholder': '#8b92a1',
    '--mantine-color-error': '#fda29b',
    '--mantine-color-anchor': 'var(--mantine-color-indigo-3)',
    '--mantine-color-default-border': 'var(--mantine-color-dark-4)',
    '--desk-page': 'var(--mantine-color-dark-8)',
    '--desk-surface': 'var(--mantine-color-dark-7)',
    '--desk-line': 'var(--mantine-color-dark-5)',
    '--desk-hover': 'var(--mantine-color-dark-6)',
    '--desk-shadow': 'none',
  },
});
