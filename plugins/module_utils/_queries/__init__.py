# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What info modules and lookups read, as the values that they show. Both ask here, so that they answer the same.

A scope (the product whose groups are asked for) has to be there; of what is asked for, what is there is answered.
"""
