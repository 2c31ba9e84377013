// Stands in for framer-motion, of which the page needs only the list of tabs: without dragging it is a plain list.
import React, { forwardRef } from 'react';

const Group = forwardRef(function Group({ as: As = 'ul', axis, values, onReorder, ...rest }, ref) {
  return <As ref={ref} {...rest} />;
});

const Item = forwardRef(function Item({ as: As = 'li', value, ...rest }, ref) {
  return <As ref={ref} {...rest} />;
});

export const Reorder = { Group, Item };
